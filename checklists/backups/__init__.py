"""Backups: everything of an installation in one signed file, and a new installation made from one."""
