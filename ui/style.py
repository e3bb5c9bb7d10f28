"""What the theme cannot say: the frame of the page, cards of one height, a mirror that stays in view."""

from __future__ import annotations

import html

import streamlit as st

from ui import pictures

#: A hanger. Drawn here, since Streamlit asks a server on the internet for icons that it knows by name.
ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#2f4f43" stroke-width="2.6"
stroke-linecap="round" stroke-linejoin="round"><path d="M12.5 9.5a3.5 3.5 0 1 1 3.5 3.5v2.5L3.5 24.5h25L16 15.5"/>
</svg>"""

_CSS = """
<style>
.stMainBlockContainer { padding: 1.6rem 2.5rem 4rem; max-width: 1680px }
.stAppHeader { background: none; pointer-events: none }
.tr-mark { font: 600 2rem/1.1 "Source Serif", Georgia, serif; letter-spacing: -.02em }
.tr-line { color: #6b665c; font-size: .98rem; margin-top: .15rem }
.tr-picture { display: block; width: 100%; border-radius: .7rem }
.tr-empty { border: 1.5px dashed #d8d1c3; border-radius: .9rem; padding: 1.5rem; color: #6b665c; text-align: center }
.tr-worn { font-size: 1.05rem } .tr-worn b { font-weight: 600 } .tr-worn span { color: #2f4f43; font-weight: 600 }

/* As many cards side by side as fit, buttons of a row on one line. */
[class*="st-key-rack"] { display: grid; align-items: stretch; gap: 1.8rem 1.3rem;
                         grid-template-columns: repeat(auto-fill, minmax(min(12.5rem, 44%), 1fr)) }
[class*="st-key-persons"], [class*="st-key-rooms"], [class*="st-key-looks"]
  { display: grid; gap: .9rem .7rem; grid-template-columns: repeat(auto-fill, minmax(6rem, 1fr)) }
[class*="st-key-rooms"] { grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)) }
[class*="st-key-card-"] { gap: .6rem; flex: 1; align-self: stretch }
[class*="st-key-card-"] > :last-child { margin-top: auto }
.tr-title, .tr-why { overflow: hidden; display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical }
.tr-title { font-weight: 600; line-height: 1.25; margin-top: .6rem }
.tr-price { font-weight: 600; color: #2f4f43; margin-top: .15rem }
.tr-fact { font-size: .84rem; margin-top: .15rem }
.tr-why { color: #6b665c; font-size: .84rem; line-height: 1.3; margin-top: .15rem }
.tr-parts { font-size: .8rem; color: #6b665c; margin-top: .25rem }
.tr-parts summary { cursor: pointer; width: fit-content }
.tr-part { line-height: 1.25; margin-top: .4rem } .tr-part b { float: right; font-weight: 600 }
.tr-bar { clear: both; height: .3rem; border-radius: .15rem; background: #e8e2d6; margin-top: .15rem }
.tr-bar div { height: 100%; border-radius: .15rem; background: #2f4f43 }
.tr-parts-whole { margin-top: .4rem; font-weight: 600 }
[class*="st-key-rail-"], [class*="st-key-set-rail-"]
  { display: grid; gap: .7rem .6rem; grid-template-columns: repeat(auto-fill, minmax(7.2rem, 1fr)) }
.tr-small { font-size: .84rem; line-height: 1.25; margin-top: .3rem }
.tr-small b { color: #2f4f43; margin-left: .35rem }
[class*="st-key-railed-"] { flex: 1; align-self: stretch }
[class*="st-key-railed-"] > :last-child { margin-top: auto }
[class*="st-key-railed-"] button { min-height: 1.9rem; padding: .1rem .5rem }
[class*="st-key-looks"] button p { font-size: .84rem; line-height: 1.25; overflow: hidden; display: -webkit-box;
                                   -webkit-line-clamp: 2; -webkit-box-orient: vertical }

[class*="st-key-mirror-picture"] .tr-picture { max-height: 70vh; object-fit: contain; width: auto; max-width: 100%;
                                               margin: 0 auto }
[class*="st-key-limits"] { gap: .5rem }
[class*="st-key-limits"] [data-testid="stPopover"] button { padding: .2rem .5rem; min-height: 2.1rem }
[class*="st-key-limits"] button p { font-size: .86rem }
[class*="st-key-chips"] button { min-height: 1.9rem; padding: .1rem .75rem; font-size: .86rem }
[class*="st-key-ways-"] button, [class*="st-key-opinions"] button, [class*="st-key-worn"] button { min-height: 1.9rem }
[class*="st-key-ways-"] button { padding: .1rem .2rem }
[class*="st-key-ways-"] button p { font-size: .82rem }
[class*="st-key-come"] { position: absolute }

/* What the server accepts, in a shopper's words instead of a list of file endings. */
[data-testid="stFileUploaderDropzoneInstructions"] span { font-size: 0 }
[data-testid="stFileUploaderDropzoneInstructions"] span::after
  { content: "or drop it here: JPEG, PNG, HEIC …"; font-size: .875rem }
[class*="st-key-taste-"] [data-testid="stFileUploaderDropzoneInstructions"] span::after
  { content: "or drop it here: CSV" }

@media (min-width: 641px) {
  [data-testid="stColumn"]:has([class*="st-key-mirror-column"]) > [data-testid="stVerticalBlock"]
    { position: sticky; top: 1rem; max-height: calc(100vh - 2rem); overflow-y: auto; padding-right: .6rem;
      scrollbar-width: thin }
}
/* Buttons that show their icon only; their words are for those who do not see it. */
[class*="st-key-steps"] button p, [class*="st-key-remove-"][class*="-room"] .stButton button p,
[class*="st-key-up-"] button p, [class*="st-key-down-"] button p
  { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
[class*="st-key-steps"] button div:has(> p), [class*="st-key-remove-"][class*="-room"] .stButton button div:has(> p),
[class*="st-key-up-"] button div:has(> p), [class*="st-key-down-"] button div:has(> p)
  { position: absolute }

/* What is done to a room is seen while it is done. */
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-stage-room"])
  { position: sticky; top: 0; z-index: 2; background: #fbfaf7; padding-bottom: .3rem }

/* A conversation is read in one column; what it shows stands side by side, small. */
[class*="st-key-talk-stylist"] { max-width: 860px; margin: 0 auto }
.stApp:has([class*="st-key-talk-stylist"]) [data-testid="stBottomBlockContainer"] { max-width: 940px }
.tr-said { line-height: 1.45 }
[class*="st-key-shown-"] { display: grid; gap: 1rem; align-items: stretch;
                           grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr)) }
[class*="st-key-thing-"] { border: 1px solid #e3ddd0; border-radius: .9rem; padding: .8rem; gap: .5rem;
                           max-width: 24rem }
[class*="st-key-thing-"] > :last-child { margin-top: auto }
.tr-outfit { display: grid; gap: .5rem; grid-template-columns: repeat(auto-fit, minmax(4rem, 1fr)) }
.tr-outfit .tr-picture { aspect-ratio: 3 / 4; object-fit: cover; max-height: 11rem }
.tr-facts { border-collapse: collapse; width: 100%; font-size: .9rem }
.tr-facts td, .tr-facts th { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0;
                             border-bottom: 1px solid #e3ddd0 }
.tr-facts .differs { font-weight: 600 }
[class*="st-key-answers"] button { min-height: 1.9rem; padding: .1rem .75rem }

/* What is too long for a box ends in dots. */
.react-aria-ComboBox input, [role="option"] > div { overflow: hidden; text-overflow: ellipsis }

/* The way between the pages. */
[class*="st-key-page-"][class*="-here"] a { background: #e8e2d6 }
[class*="st-key-pages"] { gap: .35rem }

@media (max-width: 640px) {
  .stMainBlockContainer { padding: 1.2rem 1rem 3rem }
  .tr-mark { font-size: 1.7rem }
  [class*="st-key-rack"] { gap: 1.3rem .8rem }
  /* Beside the name, where a row of its own would push the picture down. */
  [class*="st-key-head"] { position: relative }
  [class*="st-key-head"] [class*="st-key-forget"] { position: absolute; top: -.3rem; right: 0 }
  [class*="st-key-head"] [class*="st-key-forget"] button { min-height: 2.1rem; padding: .1rem .7rem }
  /* One row that is wiped through: below another one there would be too much way to the search. */
  [class*="st-key-rail-"] { grid-auto-flow: column; grid-auto-columns: 8rem; grid-template-columns: none;
                            overflow-x: auto; padding-bottom: .5rem }
}
</style>
"""


def apply() -> None:
    """Add the style to the page."""
    st.html(_CSS)


def picture(jpeg: bytes, alt: str) -> str:
    """A picture as HTML that holds the picture itself.

    Streamlit lends its pictures an address that ends with the next drawing of the page. A browser that is slower than
    that shows a broken picture, and never asks again.
    """
    return f'<img class="tr-picture" src="{pictures.data_url(jpeg)}" alt="{html.escape(alt)}">'
