"""Spanish, German and French words of a conversation with a stylist, beside those of requests. Data only.

Rows as in `glossary_words`. They are apart from those, since in a search "the second" is
a part of a name.
"""

from __future__ import annotations

from typing import Final

from recommend.glossary_words import Row

_POINTING: Final[dict[str, Row]] = {
    "first": ("primero, primer", "erste", "premier, premiere"),
    "second": ("segundo", "zweite", "deuxieme, second, seconde"),
    "third": ("tercero, tercer", "dritte", "troisieme"),
    "last": ("ultimo", "letzte", "dernier, derniere"),
    "it": ("esto, eso, lo", "das hier, es, dazu", "ca, cela, ceci"),
    "this one": ("este, esta", "dieses, diese, dieser, diesen", "celui ci, celle ci"),
    "not that one": (
        "ese no, esa no, este no, esta no",
        "das nicht, dieses nicht",
        "pas celui ci, pas celle ci, pas ca",
    ),
    "compare": ("compara, comparar, comparalos", "vergleiche, vergleich, vergleichen", "compare, comparer, comparez"),
    "the two": ("los dos, las dos", "die beiden, beide", "les deux"),
    "show it on me": (
        "muestramelo puesto, muestramela puesta, pruebamelo, quiero probarmelo, ensename como me queda, probarmelo",
        "zeig es an mir, zeig es mir an mir, zeig mir das an mir, probier es mir an, anprobieren, an mir",
        "montre la sur moi, montre le sur moi, montrez le sur moi, montrez la sur moi, essayer sur moi, sur moi",
    ),
    "what goes with it": (
        "que va bien con esto, que va bien con eso, que combina con esto, que pega con esto, con que combina",
        "was passt dazu, was geht dazu, was passt dazu gut",
        "est ce qui va avec, que va avec, avec quoi ca va",
    ),
}
_WISHES: Final[dict[str, Row]] = {
    "something else": ("otra cosa, algo distinto, algo diferente, otro", "etwas anderes, was anderes", "autre chose"),
    "in another colour": ("en otro color, otro color", "in einer anderen farbe, andere farbe", "dans une autre "
                          "couleur, d'une autre couleur, autre couleur"),
    "any price": ("cualquier precio, el precio da igual, no importa el precio", "preis egal, preis ist egal, egal was "
                  "es kostet", "peu importe le prix, n'importe quel prix"),
    "you decide": (
        "decide tu, tu decides, elige tu, lo que quieras, me da igual, no se, no lo se",
        "entscheide du, du entscheidest, entscheiden sie, such du aus, egal, mir egal, weiss nicht, ich weiss nicht, "
        "weiss ich nicht",
        "tu decides, vous decidez, decide, choisis, comme tu veux, peu importe, je ne sais pas, sais pas",
    ),
    "do not like": ("no me gusta, no me gustan", "mag ich nicht, gefallt mir nicht, mag kein, mag keine",
                    "je n'aime pas, n'aime pas, j'aime pas"),
    "not": ("no", "nicht", "ne pas, pas"),
    "start over": (
        "empezar de nuevo, empieza de nuevo, empecemos de nuevo, volver a empezar",
        "von vorne, von vorn, neu anfangen, fang neu an, nochmal von vorne",
        "recommencer, recommence, recommencons, repartir de zero",
    ),
    "never mind": ("olvidalo, da igual", "vergiss es, schon gut", "laisse tomber, oublie, tant pis"),
}  # fmt: skip
_SMALL_TALK: Final[dict[str, Row]] = {
    "hello": ("hola, buenos dias, buenas tardes, buenas", "hallo, guten tag, guten morgen, guten abend, servus",
              "bonjour, salut, bonsoir"),
    "thanks": ("gracias, muchas gracias", "danke, vielen dank, danke schon", "merci, merci beaucoup"),
    "goodbye": ("adios, hasta luego", "tschuss, auf wiedersehen", "au revoir"),
    "yes": ("si", "ja", "oui"),
    "okay": ("vale, de acuerdo, bueno", "in ordnung, gut, alles klar", "d'accord, tres bien"),
    "show": ("muestrame, ensename", "zeig mir, zeige mir, zeig", "montre moi, montrez moi, montre"),
    "what should i wear": ("que me pongo, que ponerme", "was soll ich anziehen, was ziehe ich an", "que porter, quoi "
                           "mettre, que mettre"),
    "have": ("tiene, tienen, tienes", "habt ihr, haben sie", "avez vous"),
}  # fmt: skip
_OCCASIONS: Final[dict[str, Row]] = {
    "wedding": ("boda", "hochzeit", "mariage"),
    "funeral": ("funeral, entierro", "beerdigung, trauerfeier", "enterrement, funerailles"),
    "interview": ("entrevista, entrevista de trabajo", "vorstellungsgesprach, bewerbungsgesprach",
                  "entretien, entretien d'embauche"),
    "office": ("oficina, trabajo", "buro, arbeit", "bureau, travail"),
    "date": ("cita", "date, verabredung", "rendez vous"),
    "party": ("fiesta, cumpleanos", "party, feier, geburtstag", "fete, soiree, anniversaire"),
    "beach": ("playa", "strand", "plage"),
    "travel": ("viaje, vacaciones", "reise, urlaub", "voyage, vacances"),
    "hike": ("senderismo, excursion", "wanderung, wandern", "randonnee"),
    "graduation": ("graduacion", "abschlussfeier", "remise des diplomes"),
    "every day": ("diario, cada dia, todos los dias", "alltag, jeden tag", "tous les jours, quotidien"),
    "spring": ("primavera", "fruhling, fruhjahr", "printemps"),
    "summer": ("verano", "sommer", "ete"),
    "autumn": ("otono", "herbst", "automne"),
    "winter": ("invierno", "winter", "hiver"),
    "hot": ("calor, caluroso", "heiss, hitze", "chaud, chaleur"),
    "cold": ("frio", "kalt, kalte", "froid"),
    "outfit": ("conjunto", "outfit", "tenue"),
    "in all": ("en total", "insgesamt, zusammen", "en tout, au total"),
    "furnish": ("amueblar", "einrichten", "meubler"),
    "home office": ("oficina en casa, despacho", "arbeitszimmer, homeoffice", "bureau a la maison"),
}  # fmt: skip

#: English phrase → Spanish, German and French ones; a row here wins over one of `glossary_words`.
TALK: Final[dict[str, Row]] = {**_POINTING, **_WISHES, **_SMALL_TALK, **_OCCASIONS}
