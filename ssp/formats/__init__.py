"""How dates and times are written where Django writes them itself (the admin): as everywhere else."""
