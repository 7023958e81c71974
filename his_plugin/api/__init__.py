"""The JSON a station's field asks us: session, check, declarations."""
