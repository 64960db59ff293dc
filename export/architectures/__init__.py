"""What we know of each model architecture, one file each; `registry.py` finds the right one."""
