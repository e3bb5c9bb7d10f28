"""The app in the browser: `tryroom app`, or `streamlit run app.py`. Navigation and page wiring only."""

import streamlit as st

from ui import fitting_room, header, style, stylist, uploads, your_room

st.set_page_config(page_title="Tryroom", page_icon=style.ICON, layout="wide")
uploads.keep_in_memory()
pages = {
    st.Page(fitting_room.page, title="Fitting room", icon=":material/checkroom:", default=True): fitting_room.LINE,
    st.Page(your_room.page, title="Your room", icon=":material/chair:", url_path="room"): your_room.LINE,
    st.Page(stylist.page, title="Stylist", icon=":material/forum:", url_path="stylist"): stylist.LINE,
}
# Hidden: the head of the page has links of its own, which on a phone do not hide behind a menu.
page = st.navigation(list(pages), position="hidden")
style.apply()
header.show(pages, page)
page.run()
