"""Whole cells: exact assignment, draft ISCN, karyogram and report."""
