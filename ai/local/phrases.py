"""Phrases that say where a conversation stands, in three languages, written in lower case without accents.

Each pattern is one of `|`-joined lines. `_NOT` keeps away what is denied or only supposed: `não recebi`, `se chegou`.
"""

import re
from typing import Final


def _compiled(lines: str, before: str = "") -> re.Pattern[str]:
    joined = "|".join(line.strip() for line in lines.strip().splitlines())
    return re.compile(rf"{before}\b(?:{joined})\b")


_NOT: Final = r"(?<!\bnao )(?<!\bnem )(?<!\bnot )(?<!\bno )(?<!n't )(?<!\bse )(?<!\bquando )"

ASKING: Final = _compiled(
    """
    quanto|quantos|quantas|qual|quais|onde|quando|como (?:faco|funciona|posso)|que horas|cade|por que|tem como|sera que
    what|how|where|when|which|why|do you|can i|is there
    cuanto|cual|cuales|donde|cuando|a que hora|hay|tienen
    """,
    "^",
)
"""How a question begins when it has no mark."""

HOLDING: Final = _compiled(
    """
    (?:so )?(?:um|1) (?:momento|instante|minuto|segundo|minutinho)|aguarde
    ja (?:te )?(?:respondo|retorno|falo|confirmo)
    (?:vou|vamos|deixa eu|deixe-me) (?:ja )?(?:verificar|ver|checar|conferir|confirmar|consultar|olhar|apurar)
    (?:just )?(?:a|one) (?:moment|second|minute)|let me (?:check|see|confirm)|i'll (?:check|see|confirm)
    un (?:momento|minuto|segundo)|(?:voy a|dejame) (?:revisar|ver|consultar|confirmar|averiguar)
    """
)
"""What puts an answer off."""

GREETING: Final = _compiled("oi+|ola|bom dia|boa tarde|boa noite|hello|hi|hey|hola|buen[oa]s", "^")

SMALL: Final = _compiled(
    """
    oi+|ola|bom dia|boa (?:tarde|noite)|tudo bem|ok|certo|entendi|sim|nao|beleza|blz|obrigad[oa]
    hello|hi|hey|yes|no|sure|thanks|thank you
    hola|buenas|buenos dias|buenas (?:tardes|noches)|si|vale|claro|gracias
    """
)
"""What says nothing by itself."""

RECEIVED: Final = _compiled(
    """
    recebi|chegou|deu certo|resolvid[oa]|resolveu|funcionou
    it works|works now|got it|received|solved
    ya (?:llego|funciona)|lo recibi|solucionado
    """,
    _NOT,
)
"""How a customer says that a promise was kept."""

SETTLED: Final = _compiled(
    """
    deu certo|resolvid[oa]|resolveu|funcionou|recebi|tudo certo|perfeito|era (?:so )?isso|nada mais|obrigad[oa]|valeu
    agradeco|tchau|ate (?:mais|logo|breve)
    solved|it works|works now|got it|that's all|thanks|thank you|bye|goodbye
    ya (?:llego|funciona|lo recibi)|solucionado|eso es todo|gracias|adios|hasta luego
    """,
    _NOT,
)
"""How a customer says that nothing more is wanted."""

DECIDED: Final = _compiled(
    """
    fechado|fechou|combinado|fica (?:assim|marcado|agendado)|ficou (?:marcado|agendado|combinado)|fico com|aceito|topo
    vou (?:levar|querer|ficar com)|pode (?:fechar|mandar|separar|confirmar)|confirmado|agendado|marcado para
    deal|agreed|confirmed|i'll take|booked
    trato hecho|de acuerdo|quedamos|me (?:llevo|quedo)|confirmo
    """,
    _NOT,
)

PROMISED: Final = _compiled(
    """
    (?:vou|vamos|irei|iremos)(?: te| lhe| ja)? (?:enviar|mandar|verificar|ver|checar|conferir|confirmar|consultar|olhar)
    (?:vou|vamos|irei|iremos)(?: te| lhe| ja)? (?:apurar|separar|preparar|ligar|retornar|emitir|gerar|agendar|resolver)
    (?:vou|vamos|irei|iremos)(?: te| lhe| ja)? (?:providenciar|encaminhar|passar|trocar|reembolsar|estornar|cancelar)
    (?:vou|vamos|irei|iremos)(?: te| lhe| ja)? (?:pagar|depositar|transferir|fazer|buscar|retirar)
    (?:te|lhe) (?:envio|mando|ligo|aviso|retorno|passo|respondo|confirmo)|fico de
    (?:envio|mando|retorno|aviso|ligo|pago|passo|busco) (?:ate|hoje|amanha|assim que|em|na|no|ai)
    (?:i'll|we'll|i will|we will|i'm going to) (?:send|check|confirm|call|get|prepare|pay|pick|come|look|let|refund)
    let me (?:check|see|confirm)
    (?:voy|vamos) a (?:enviar|mandar|revisar|ver|confirmar|llamar|preparar|pagar|pasar|consultar)
    (?:te|le) (?:envio|mando|aviso|llamo|confirmo|paso)
    """
)
"""What the speaker takes on."""

REQUESTED: Final = _compiled(
    """
    (?:me|nos) (?:manda|mande|envia|envie|passa|passe|confirma|confirme|informa|informe|avisa|avise|liga|ligue|ajuda)
    (?:me|nos) (?:reserva|separa)|(?:por favor|pfv),? (?:envie|mande|informe|confirme|verifique|separe)
    (?:pode|podem|poderia|poderiam|consegue|conseguem)(?: me| nos)? (?:enviar|mandar|passar|confirmar|informar|avisar)
    (?:pode|podem|poderia|poderiam|consegue|conseguem)(?: me| nos)? (?:verificar|ver|ligar|emitir|gerar|trocar|separar)
    (?:pode|podem|poderia|poderiam|consegue|conseguem)(?: me| nos)? (?:reservar|agendar|resolver|cancelar)
    preciso (?:de|da|do|que|trocar|cancelar|remarcar|devolver)
    (?:quero|queria|gostaria de) (?:trocar|devolver|cancelar|remarcar|agendar|marcar|reservar|encomendar|comprar|pedir)
    (?:quero|queria|gostaria de) (?:receber|meu dinheiro)
    (?:can|could|would) you (?:please )?(?:send|confirm|check|call|tell|give|book|cancel|exchange)
    please (?:send|confirm|check|call|tell|give|book|cancel)|i (?:need|want|would like|'d like) (?:to|a|an|my|the)
    (?:puede|puedes|pueden|podria)(?: me)? (?:enviar|enviarme|mandar|mandarme|confirmar|decirme|revisar|pasarme)
    (?:mandame|enviame|pasame|confirmame|avisame)|necesito (?:que|el|la|un|una|cambiar|cancelar)
    """
)
"""What the other side is asked to do."""

DONE: Final = _compiled(
    """
    enviado|enviei|mandei|segue|pronto|feito|paguei|transferi|confirmado|separei|separado|aqui esta|ta na mao|agendado
    marcado|cancelado|estornado|trocado|emitido
    sent|done|here (?:is|it is)|paid|confirmed|booked|cancelled
    enviad[oa]|aqui (?:esta|tienes)|hecho|pague|listo|confirmad[oa]
    """,
    _NOT,
)
"""How somebody says that what was to be done is done."""
