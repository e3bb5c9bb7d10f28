"""The head of every page: the name, the way to the other page, and the button that forgets."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui.session import forget, session, visits


def show(pages: Mapping[StreamlitPage, str], open_page: StreamlitPage) -> None:
    """Draw the head.

    Args:
        pages: each with its line of greeting.
        open_page: the one that is looked at.
    """
    line = pages[open_page]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="head"):
        st.html(f'<div class="tr-mark">Tryroom</div><div class="tr-line">{line}</div>')
        with st.container(horizontal=True, vertical_alignment="center", width="content", key="pages"):
            for page in pages:
                here = "here" if page is open_page else "there"
                with st.container(width="content", key=f"page-{page.url_path or 'first'}-{here}"):
                    st.page_link(page)
            st.button(
                "Forget my photos", key=session().key("forget"), on_click=forget, icon=":material/delete:",
                disabled=all(visited.empty for visited in visits()),
                help="Drops every photo, picture and piece of yours from this session.",
            )  # fmt: skip
