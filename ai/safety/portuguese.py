"""Rules of the filter for Portuguese; the notation is that of `ai.safety.rules`.

Words that are also plain (`arma`, `droga`, `tiro`, `matar`, `pau`, `bomba`) stand only in phrases that leave no doubt.
"""

from typing import Final

from ai.safety.rules import Rules
from ai.safety.verdicts import Category, Severity

PORTUGUESE: Final[Rules] = {
    (Category.PROFANITY, Severity.LOW): """
        merda|merdas
        cacete
        que saco
        droga de (?:loja|empresa|atendimento|produto)
        bosta
        idiotas?|imbecil|imbecis|otari[oa]s?
        pqp|vsf|vtnc|fdp
        puta merda|puta que pariu
    """,
    (Category.PROFANITY, Severity.MEDIUM): """
        porra
        caralho|krl|crl
        foda-?se|fodase
        arrombad[oa]s?
        vai (?:se f[ou]der|tomar no cu|toma no cu|a merda)
        vao (?:se f[ou]der|tomar no cu)
        filh[oa]s? da put[ao]
        filh[oa] de uma? puta
        (?:seu|sua|bando de|cambada de) (?:put[ao]s?|vagabund[oa]s?|desgracad[oa]s?|corn[oa]s?|babacas?|lixos?)
        cuz(?:ao|oes|ona)
        desgraca de (?:loja|empresa|atendimento)
        (?:sua|essa|bando de|cambada de|(?:voce|vc|tu) (?:e|eh) uma) (?:vadias?|vagabas?|escrotas?|piriguetes?)
        (?:seu|sua|seus|suas|bando de|cambada de|(?:voce|vc|tu) (?:e|eh) uma?) (?:escrot[oa]s?|nojent[oa]s?|vermes?|
            inutil|inuteis|merdas?)
    """,
    (Category.THREAT, Severity.MEDIUM): """
        voces? (?:vao|vai) se arrepender
        vou acabar com (?:voces?|sua vida|a sua vida|a tua vida)
        vai (?:se ver|ver so) comigo
        isso nao vai ficar assim
        eu sei onde (?:voces? mora[m]?|fica a sua casa|voce trabalha)
        sei onde (?:voces? mora[m]?|tu mora)
        (?:tomara que|espero que|quero que)~(?:voces?|vc|vcs) (?:morra|morram)(?! d[eo])
        (?:voces?|vc|vcs) (?:merece|merecem|deviam?|tem que|tinham? que) morrer(?! d[eo])
    """,
    (Category.THREAT, Severity.HIGH): """
        (?:vou|vamos|irei) (?:te|lhe|ti) (?:matar|quebrar|bater|arrebentar|espancar|estuprar|esfaquear|
            pegar na porrada)
        (?:vou|vamos) matar (?:voces?|ele|ela|todos|todo mundo|a sua familia|sua familia|teu filho|seu filho)
        (?:eu )?te mato
        (?:vou|vamos) (?:quebrar|arrebentar) a (?:sua|tua) cara
        (?:vou|vamos) (?:botar|por|colocar|tacar|meter) fogo n[ao] (?:loja|casa|sua casa|tua casa)
        (?:vou|vamos) (?:te )?(?:dar|meter) (?:um )?tiros? (?:em|na|no) (?:voces?|voce|sua|tua|seu|ele|ela)
        (?:te |vou te )?meto (?:uma )?bala
        voces? (?:vai|vao) morrer
        (?:cuidado|toma cuidado)~ (?:sua|tua) familia
    """,
    (Category.SELF_HARM, Severity.HIGH): """
        (?:quero|queria|vou|penso em|pensei em|pensando em|vontade de|pretendo) (?:me matar|morrer(?! d[eo])|
            me suicidar)
        (?:tirar|acabar com|dar fim a|por fim a) (?:a )?minha (?:propria )?vida
        nao (?:quero|aguento) mais viver
        me (?:cortar|corto|mutilar|mutilo) (?:de novo|pra|para|quando|todo)
        (?:me|se) enforcar
        tentei (?:me matar|suicidio|me suicidar)
        (?:cometer|tentar|pensando em) suicidio
        (?:como|jeito de|forma de|maneira de) (?:se matar|me matar|cometer suicidio)
        seria melhor (?:se )?eu (?:morrer|morresse|nao existir|nao existisse)
        (?:vai|va|podia|devia|vao) (?:logo )?se matar(?! d[eo])
        (?:voce|vc|tu|por que nao|pq nao) (?:nao )?se mata(?! d[eo])
        se mata (?:logo|vai|ai)
        (?:vai|va) se enforcar
        se (?:joga|jogue) (?:da|de uma) (?:ponte|janela)
    """,
    (Category.SEXUAL, Severity.LOW): """
        sex shop
        vibrador|vibradores
        tesao|gostos[ao] demais
        (?:conteudo|foto|video)s? (?:adult[oa]s?|\\+18)
    """,
    (Category.SEXUAL, Severity.MEDIUM): """
        (?:manda|mande|envia|quero|troco|vendo|me passa)~(?:nude|nudes)
        nudes
        porno|pornografia|pornografic[oa]s?
        (?:fazer|fazendo|quero|quer) (?:sexo|transar)(?: com)?
        garot[ao]s? de programa
        (?:voce|vc) e (?:muito |mto |bem )?gostos[ao]
    """,
    (Category.SEXUAL, Severity.HIGH): """
        (?:chupar?|mamar?|sentar?)~(?:pau|pica|rola|piroca|caralho|buceta|xota)
        (?:meu|seu|minha|tua|sua) (?:pica|piroca|buceta|xoxota|xereca)
        bucetas?|boquete|punheta|siririca
        (?:foder|fuder|comer) (?:voce|vc|sua bunda|seu cu|teu cu|sua mae)
        te (?:comer|foder|fuder) (?:toda|todinha|gostoso|de quatro)
        sexo (?:anal|oral)
        gozar (?:na|no|dentro|em)
    """,
    (Category.SEXUAL_MINORS, Severity.HIGH): """
        pedofilia|pedofil[oa]s?
        (?:porno|pornografia|pornografic[oa]s?|nudes?|sexo|sexual|sexuais|pelad[oa]s?|transar)~(?:infantil|infantis|
            criancas?|menor de idade|menores de idade|menores|bebes?|novinh[oa]s? de (?:\\d|1[0-7]) anos)
        (?:criancas?|menores de idade|menor de idade|menin[oa]s? de (?:\\d|1[0-7]) anos?)~(?:nudes?|pelad[oa]s?|sexo|
            porno|transando|transar|sensual|sensuais)
        abus(?:o|ar) (?:sexual )?(?:de|infantil de) (?:crianca|menor)
    """,
    (Category.HATE, Severity.MEDIUM): """
        (?:seu|sua|esses?|essas?|bando de|odeio) (?:viad[oa]s?|viadinhos?|bichas?|sapatao|sapatoes|travecos?|
            baitolas?)
        (?:odeio|nojo de|raca de) (?:gays?|pretos?|negros?|judeus?|nordestinos?|muculmanos?|evangelicos?|
            macumbeiros?|indios?)
        (?:seu|sua|seus|bando de) (?:retardad[oa]s?|mongol|mongoloides?|aleijad[oa]s?)
        (?:baianada|servico de preto|coisa de preto)
    """,
    (Category.HATE, Severity.HIGH): """
        (?:seu|sua|essa?|essas?|esses?) (?:macac[oa]s?|crioul[oa]s?|pret[oa]s? (?:imund[oa]s?|fedid[oa]s?|suj[oa]s?)|
            neguinh[oa] (?:imund[oa]|fedid[oa]))
        (?:pret[oa]s?|negr[oa]s?|judeus?|gays?|viados?|nordestinos?|imigrantes?) (?:tem|tinham|deviam|devem|
            merecem) (?:que )?(?:morrer|ser mortos?)
        (?:morte|morram) (?:aos?|todos os) (?:gays?|judeus?|pretos?|negros?|nordestinos?)
        heil hitler|hitler (?:tinha|estava) (?:razao|cert[oa])
        raca (?:inferior|superior|imunda)
        (?:macac[oa]s?|pret[oa]s?|negr[oa]s?|crioul[oa]s?) (?:fedid[oa]s?|fedorent[oa]s?|imund[oa]s?|nojent[oa]s?)
        (?:macac[oa]s?|pret[oa]s?|negr[oa]s?|crioul[oa]s?|nordestin[oa]s?|imigrantes?|venezuelan[oa]s?|haitian[oa]s?|
            bolivian[oa]s?)~volt(?:a|e|em) (?:pra|pro|para) (?:a |o )?(?:africa|senzala|jaula|selva|mato|nordeste|
            haiti|venezuela|bolivia|(?:seu|teu) pais|sua terra|tua terra)
        volt(?:a|e|em) (?:pra|para) (?:a )?(?:senzala|jaula)
    """,
    (Category.VIOLENCE, Severity.MEDIUM): """
        (?:espancar|esfaquear|estuprar|torturar|decapitar|esquartejar) (?:ele|ela|alguem|uma? pessoa|minha|meu|a|o)
        linchar|linchamento
    """,
    (Category.VIOLENCE, Severity.HIGH): """
        (?:como|jeito de|quero|ensina a?|melhor forma de) (?:matar|envenenar|assassinar|torturar|
            sequestrar) (?:alguem|uma? pessoa|minha (?:esposa|mulher|mae|sogra|vizinha)|meu (?:marido|pai|chefe|
            vizinho|ex)|ele|ela|gente)
        (?:como|ensina a?|quero|jeito de) (?:fazer|montar|construir|fabricar) (?:uma )?(?:bomba (?:caseira|relogio)|
            explosivos?|coquetel molotov)
        como (?:eu |se )?(?:faco|faz|monto|monta|fabrico) (?:uma )?(?:bomba (?:caseira|relogio)|coquetel molotov)
        receita de (?:uma )?(?:bomba caseira|coquetel molotov)
        (?:contratar|preciso de|procuro) (?:um )?(?:matador|pistoleiro|assassino)(?: de aluguel)?
        massacre n[ao] escola|atentado n[ao] escola
    """,
    (Category.DRUGS, Severity.LOW): """
        maconha|baseado (?:pra|para) fumar
        fumar (?:um )?(?:beck|baseado)
    """,
    (Category.DRUGS, Severity.MEDIUM): """
        cocaina|ecstasy|heroina (?:injetavel|pura)|metanfetamina|lanca perfume
        pedra de crack|fumar crack|cracudo
        bala e doce pra (?:festa|rave)
    """,
    (Category.DRUGS, Severity.HIGH): """
        (?:comprar|vender|vendo|vende|vendem|compro|entrega[m]?|arruma[r]?|traficar|tem)~(?:cocaina|maconha|crack|
            ecstasy|lsd|metanfetamina|skunk|haxixe|heroina pura)
        (?:comprar|vender|vendo|vende|vendem|traficar) drogas?(?! ?(?:ria|sil))
        (?:como|receita de|ensina a?) (?:fazer|produzir|cozinhar|refinar) (?:cocaina|crack|metanfetamina|drogas?|
            lanca perfume)
        (?:sem|nao precisa de) receita~(?:tarja preta|rivotril|morfina|oxicodona|venvanse)
        (?:rivotril|morfina|oxicodona|venvanse|tarja preta) sem receita
    """,
    (Category.WEAPONS, Severity.LOW): """
        armas? de (?:fogo|airsoft|pressao)
        porte de armas?|munic(?:ao|oes)(?! de (?:airsoft|nerf|brinquedo))
    """,
    (Category.WEAPONS, Severity.HIGH): """
        (?:comprar|vender|vendo|vende|vendem|compro|alugar|arrumar?|tem|conseguir) (?:um |uma |uns |umas )?(?:arma|
            armas) (?:de fogo|fria|ilegal|ilegais|sem registro|raspada|sem nota)
        (?:comprar|vender|vendo|vende|vendem|compro|alugar|arrumar?) (?:um |uma )?(?:fuzil|fuzis|revolver|
            pistola (?:glock|taurus|9 ?mm|380|40)|metralhadora|granada|oitao|38 raspado)
        (?:numeracao raspada|sem registro)~(?:arma|pistola|revolver|fuzil)
        (?:como|ensina a?) (?:fazer|montar|fabricar|imprimir) (?:uma )?(?:arma de fogo|arma caseira|pistola 3d|
            silenciador)
        (?:colete|municao) sem (?:registro|nota) (?:pra|para) (?:assalto|roubo)
    """,
    (Category.FRAUD, Severity.LOW): """
        (?:cai|caiu|caimos|vitima de|parece|isso e|e)~(?:um )?golpe
        golpe do (?:pix|boleto|falso|motoboy|emprego)
        piramide financeira
        clonaram meu (?:whatsapp|zap|cartao|numero)
    """,
    (Category.FRAUD, Severity.MEDIUM): """
        dinheiro facil~(?:pix|link|cadastro|investi\\w*)
        (?:dobro|dobrar?|triplica\\w*)~(?:pix|seu dinheiro|o valor)~(?:horas?|minutos?|dia|dias)
        nota fiscal (?:falsa|fria|adulterada)
        (?:sem nota|nota fria) (?:pra|para) (?:sonegar|nao pagar imposto)
    """,
    (Category.FRAUD, Severity.HIGH): """
        (?:clonar|clono|clonagem de|comprar|vendo|vender) (?:um |uns )?cart(?:ao|oes) (?:clonad[oa]s?|
            de credito (?:clonad[oa]s?|de terceiros|de outra pessoa))
        clonar (?:o )?(?:cartao|whatsapp|chip)
        (?:fazer|vender|vendo|compro|comprar|arrumar?)~(?:documentos?|rg|cpf|cnh|diplomas?|atestados?|notas?|
            comprovantes?(?: de pix)?) (?:fals[oa]s?|fake|frias?)
        (?:falsificar|adulterar|forjar) (?:um |uma |o |a )?(?:documentos?|boletos?|assinaturas?|comprovantes?|rg|cnh|
            notas?)
        (?:aplicar|dar|fazer) (?:o |um )?golpe (?:em|no|na|nos|nas|do|pelo)
        (?:conta|cpf) (?:de )?laranja
        lavagem de dinheiro|lavar dinheiro
        (?:notas?|dinheiro|cedulas?) fals[oa]s? (?:de|pra|para) (?:\\d|vender|passar)
        (?:compro|compra|comprar|vendo|vende|vendem|vender|venda|arrumo|arruma|arrumam|
            arrumar)~cart(?:ao|oes) (?:de credito |de debito )?clonad[oa]s?
        (?:quero|queria|preciso de|consigo|consegue|conseguem|tem|
            me ve) (?:um |uns |algum )?cart(?:ao|oes) (?:de credito |de debito )?clonad[oa]s?
        como (?:eu |se |posso |consigo |faco (?:pra|para) |fazer (?:pra|para) )?(?:hackear|raquear|rackear|invadir|
            grampear|espionar) (?:o |a |um |uma )?(?:whatsapp|zap|instagram|insta|facebook|celular|telefone|conta|
            e-?mail)
        (?:hackear|raquear|rackear|invadir|grampear|clonar|espionar) (?:o |a )?(?:whatsapp|zap|instagram|insta|facebook|
            celular|telefone|conta|e-?mail)~(?:ex|namorad[oa]|mulher|marido|espos[oa]|filh[oa]|chefe|vizinh[oa]|
            alguem|outra pessoa)
    """,
    (Category.CREDENTIAL_REQUEST, Severity.MEDIUM): """
        (?:passa|passe|manda|mande|envia|envie|informe|informa|diga|digite|confirme|confirma|fala|fale|preciso d[ae]|
            compartilhe|qual|quais)~(?:sua|tua|seu|teu) (?:senha|pin|token|cvv|codigo de (?:seguranca|acesso|
            verificacao))
        (?:passa|passe|manda|mande|envia|envie|informe|informa|diga|digite|confirme|confirma|preciso d[ae]|
            compartilhe|
            qual(?: e)?)~(?:senha|token|pin) d[oae] (?:banco|cartao|aplicativo|app|conta|email|e-mail|whatsapp|
            cliente)
        (?:passa|passe|manda|mande|envia|envie|informe|diga|confirme)~(?:cvv|codigo de seguranca do cartao)
        (?:codigo|numero)~(?:que chegou|que (?:voce|vc) recebeu|que foi enviado|que te (?:mandei|enviei))~(?:sms|
            whatsapp|
            celular|email|e-mail)
        (?:manda|mande|envie|envia|passa|passe|informe|me diga)~(?:codigo de (?:verificacao|confirmacao)|
            codigo de (?:6|seis) digitos|foto do cartao|frente e verso do cartao)
        numero (?:completo )?do (?:seu )?cartao~(?:cvv|codigo de seguranca|senha|validade)
    """,
    (Category.INJECTION, Severity.MEDIUM): """
        (?:ignore|ignora|ignorar|esqueca|esquece|desconsidere|desconsidera|descarte)~(?:instruc(?:ao|oes)|regras|
            prompt|orientac(?:ao|oes)|comandos?|tudo (?:o )?que (?:foi dito|te disseram))
        (?:mostre|revele|repita|imprima|exiba|traduza|me diga|mostra|qual e|quais sao)~(?:suas instrucoes|seu prompt|
            prompt do sistema|prompt de sistema|system prompt|instrucoes (?:iniciais|do sistema|originais|internas)|
            mensagem de sistema)
        (?:a partir de agora|agora) (?:voce|vc|tu) (?:e|eh|sera|vai ser|deve agir como|age como|vai agir como|
            nao tem)~(?:um|uma|o|a|dan|sem|regras|restric\\w+|filtros?)
        (?:finja|finge|aja|atue) (?:que e|ser|como)~(?:sem (?:regras|restricoes|filtros?|limites)|administrador|
            desenvolvedor|sistema)
        modo (?:desenvolvedor|dan|irrestrito|deus|admin|administrador)
        (?:novas|nova) instruc(?:oes|ao) (?:do|de) sistema
        (?:sou|aqui e) o (?:administrador|desenvolvedor) do sistema
    """,
}
