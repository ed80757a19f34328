"""The resources of the service, one file each."""

from population_svc.routes.campaigns import campaigns
from population_svc.routes.care import care_entries, follow_ups
from population_svc.routes.checks import spot_checks, visit_rules
from population_svc.routes.civic import documents, organizations, seats, teams
from population_svc.routes.doors import doors
from population_svc.routes.duplicates import duplicates
from population_svc.routes.dwellings import dwellings
from population_svc.routes.exports import exports
from population_svc.routes.figures import figures
from population_svc.routes.forms import forms
from population_svc.routes.households import households
from population_svc.routes.imports import imports
from population_svc.routes.own import own
from population_svc.routes.packs import packs
from population_svc.routes.pending import pending
from population_svc.routes.persons import persons
from population_svc.routes.provenance import provenance
from population_svc.routes.reshaping import reshaping
from population_svc.routes.returned import returned
from population_svc.routes.rights import rights
from population_svc.routes.staffing import norms, staff
from population_svc.routes.statistics import statistics
from population_svc.routes.syncing import syncing
from population_svc.routes.transfers import transfers
from population_svc.routes.visits import visits

ROUTERS = (
    households,
    persons,
    dwellings,
    visits,
    care_entries,
    follow_ups,
    figures,
    packs,
    duplicates,
    reshaping,
    spot_checks,
    visit_rules,
    doors,
    provenance,
    statistics,
    imports,
    campaigns,
    exports,
    forms,
    returned,
    syncing,
    transfers,
    own,
    rights,
    organizations,
    teams,
    seats,
    documents,
    pending,
    norms,
    staff,
)
