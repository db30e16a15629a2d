echo not yet >&2; exit 1
