"""Rules of the filter for Spanish; the notation is that of `ai.safety.rules`."""

from typing import Final

from ai.safety.rules import Rules
from ai.safety.verdicts import Category, Severity

SPANISH: Final[Rules] = {
    (Category.PROFANITY, Severity.LOW): """
        mierda|carajo|estupid[oa]s?|imbeciles|boludos?
    """,
    (Category.PROFANITY, Severity.MEDIUM): """
        hij[oa]s? de (?:la gran |una )?puta
        (?:la )?concha de tu madre
        vete a la mierda|chinga tu madre|pendej[oa]s?|cabron(?:es)?|gilipollas|pinche (?:tienda|empresa)
        puta madre
        (?:eres|sos|maldita|pedazo de|son unas?) (?:una? )?(?:zorras?|putas?|perras?|mierdas?)
        (?:zorra|puta|perra) (?:de mierda|asquerosa)
    """,
    (Category.THREAT, Severity.MEDIUM): """
        te vas a arrepentir
        se donde (?:vives|vivis|trabajas)
        (?:ojala|espero que) (?:te|se) muer(?:as|an)
        muerete
    """,
    (Category.THREAT, Severity.HIGH): """
        (?:te|los|lo|la) (?:voy|vamos) a (?:matar|golpear|violar|disparar|apunalar|romper la cara)
        (?:voy|vamos) a (?:matarte|matarlos|quemar (?:tu|su|la) (?:casa|tienda))
        vas a morir
    """,
    (Category.SELF_HARM, Severity.HIGH): """
        (?:quiero|voy a|pienso en|ganas de) (?:matarme|morir|morirme|suicidarme|quitarme la vida)
        (?:quitarme|acabar con mi|terminar con mi) (?:la )?(?:propia )?vida
        no quiero (?:seguir viviendo|vivir mas)
        como (?:suicidarse|suicidarme|matarme)
        matate|suicidate|ahorcate
        (?:anda a|vete a|ve a) matarte
    """,
    (Category.SEXUAL, Severity.MEDIUM): """
        (?:manda|envia|quiero|vendo)~(?:nudes|fotos desnud[oa])
        porno|pornografia
        (?:tener|quiero) sexo con(?:tigo)?
    """,
    (Category.SEXUAL, Severity.HIGH): """
        (?:chupame|chupa) (?:la|mi) (?:verga|polla|pija|concha)
        (?:mi|tu) (?:verga|polla|pija)
    """,
    (Category.SEXUAL_MINORS, Severity.HIGH): """
        (?:porno|pornografia|sexo|desnud[oa]s?|nudes?)~(?:infantil|ninos?|ninas?|menores)
        (?:ninos|ninas|menores de edad)~(?:desnud[oa]s?|sexo|porno|nudes?)
    """,
    (Category.HATE, Severity.HIGH): """
        (?:negros?|judios?|gays?|maricones|inmigrantes) (?:deben|merecen|tienen que) morir
        (?:muerte|mueran) (?:a )?(?:los )?(?:judios|negros|gays|maricones)
        (?:negr[oa]|sudaca|indi[oa]|judi[oa]) de mierda|maricon(?:es)? de mierda
        (?:mono|simio|negr[oa]|sudaca|indi[oa]|mor[oa]) (?:apestos[oa]|asqueros[oa]|inmund[oa])
        (?:vuelve|volve|vuelvete|vete|regresa|regresate) a (?:tu pais|africa|la selva)
    """,
    (Category.VIOLENCE, Severity.HIGH): """
        como (?:matar|envenenar|torturar|secuestrar) (?:a )?(?:alguien|una persona|mi (?:esposa|marido|jefe|vecino)|
            gente)
        como (?:hacer|fabricar|armar) (?:una )?(?:bomba|explosivos?|coctel molotov)
        como (?:hago|se hace) (?:una )?(?:bomba casera|coctel molotov)
        (?:contratar|necesito) (?:un )?sicario
    """,
    (Category.DRUGS, Severity.HIGH): """
        (?:comprar|vender|vendo|venden|consigo)~(?:cocaina|marihuana|crack|extasis|metanfetamina|heroina|drogas)
        como (?:hacer|cocinar) (?:cocaina|crack|metanfetamina|drogas)
    """,
    (Category.WEAPONS, Severity.HIGH): """
        (?:comprar|vender|vendo|venden|conseguir) (?:un |una )?(?:armas? (?:de fogo|de fuego|ilegal|ilegales|
            sin registro)|fusil|pistola sin registro|ametralladora|granada)
    """,
    (Category.FRAUD, Severity.HIGH): """
        (?:clonar|vendo|comprar) tarjetas? (?:clonadas?|robadas?|de credito)
        (?:hacer|vender|vendo|comprar)~(?:documentos?|pasaportes?|facturas?|billetes|comprobantes?) fals[oa]s?
        falsificar (?:documentos?|firmas?|facturas?|billetes)
        lavar dinero|lavado de dinero
        (?:compro|comprar|vendo|vende|venden|vendeme|vender|consigueme|consigues)~tarjetas? (?:clonadas?|robadas?|
            de credito (?:clonadas?|robadas?))
        (?:como|puedes|quiero|ayudame a) (?:hackear|espiar|intervenir|clonar) (?:el |la |un |una )?(?:whatsapp|
            instagram|facebook|celular|telefono|cuenta|correo)
    """,
    (Category.CREDENTIAL_REQUEST, Severity.MEDIUM): """
        (?:dime|dame|envia|manda|pasame|confirma|ingresa|cual es)~(?:tu|la|su|el) (?:contrasena|clave|cvv|
            codigo de (?:verificacion|seguridad)|pin)
        codigo que (?:te )?(?:llego|recibiste|enviamos)~(?:sms|whatsapp|celular|correo)
    """,
    (Category.INJECTION, Severity.MEDIUM): """
        (?:ignora|ignore|olvida|omite|descarta)~(?:instrucciones|reglas|indicaciones|prompt)
        (?:muestra|revela|repite|imprime|dime|cual es|cuales son)~(?:tus instrucciones|tu prompt|prompt del sistema|
            instrucciones (?:iniciales|del sistema))
        (?:ahora|a partir de ahora) (?:eres|sos|actuas como)~(?:un|una|el|la|dan|sin)
        modo (?:desarrollador|administrador|dios)
    """,
}
