"""The published language: every event and question the services exchange. Import this package to know them all."""

from grid_kernel.contracts import approval, dispute, gateway, gis, kernel, population

__all__ = ["approval", "dispute", "gateway", "gis", "kernel", "population"]
