"""The app in the browser: `tryroom app`, or `streamlit run app.py`. Navigation and page wiring only."""

import streamlit as st

from ui import fitting_room, style, uploads

st.set_page_config(page_title="Tryroom", page_icon=style.ICON, layout="wide")
uploads.keep_in_memory()
st.navigation([st.Page(fitting_room.page, title="Fitting room", icon=":material/checkroom:", default=True)]).run()
