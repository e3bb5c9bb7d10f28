"""Keeps uploads in memory. The web server would put files of more than a megabyte into a temporary file."""

from __future__ import annotations

import streamlit as st
from starlette.formparsers import MultiPartParser


def keep_in_memory() -> None:
    """Raise the server's limit for holding an upload in memory above the largest upload it accepts."""
    # Starlette reads it from the class for every request; there is no setting for it in Streamlit.
    MultiPartParser.spool_max_size = (st.get_option("server.maxUploadSize") + 1) * 1024 * 1024
