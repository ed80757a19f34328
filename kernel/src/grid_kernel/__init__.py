"""The mechanism the five services share: no table, rule or word of one service lives here."""
