"""Rules of the filter for English; the notation is that of `ai.safety.rules`."""

from typing import Final

from ai.safety.rules import Rules
from ai.safety.verdicts import Category, Severity

ENGLISH: Final[Rules] = {
    (Category.PROFANITY, Severity.LOW): """
        shit|bullshit|damn it|crap|wtf|stfu|idiots?|morons?
    """,
    (Category.PROFANITY, Severity.MEDIUM): """
        fuck(?:s|ed|ing|er|ers)?
        motherfuck(?:er|ers|ing)
        assholes?|bitch(?:es)?|bastards?|dickheads?|cunts?
        sluts?|whores?|cocksuckers?|twats?
        (?:you|stupid|fat|dirty) (?:cow|pig|skank)
    """,
    (Category.THREAT, Severity.MEDIUM): """
        (?:you will|you'll|youll|you are going to) regret (?:this|it)
        i know where you (?:live|work)
        watch your back
        (?:i )?hope you (?:die|get cancer|rot)
        go die
    """,
    (Category.THREAT, Severity.HIGH): """
        (?:i will|i'll|ill|i am going to|i'm going to|im going to|gonna) (?:kill|hurt|beat|shoot|stab|rape) (?:you|
            them|him|her|your)
        burn (?:down )?(?:your|the) (?:house|store|shop)(?: down)?
        you are (?:dead|going to die)
    """,
    (Category.SELF_HARM, Severity.HIGH): """
        (?:want|going|plan|planning|trying) to (?:kill myself|die|end my life|commit suicide)
        (?:kill|hurt|cut|harm)(?:ing)? myself
        suicidal
        (?:don't|dont|do not) want to live
        how to (?:kill myself|commit suicide)
        (?:kill|hang|shoot|drown) (?:yourself|urself|yourselves)
        kys
        jump off a (?:bridge|roof)
    """,
    (Category.SEXUAL, Severity.MEDIUM): """
        (?:send|want|trade|sell)~nudes
        porn|porno|pornography|xxx videos?
        have sex with (?:you|me)
    """,
    (Category.SEXUAL, Severity.HIGH): """
        (?:suck|lick) (?:my|your|his|her) (?:dick|cock|pussy)
        blow ?jobs?|hand ?jobs?
        fuck (?:you|me) (?:hard|in the ass)
    """,
    (Category.SEXUAL_MINORS, Severity.HIGH): """
        (?:child|kiddie|underage|preteen|infant) (?:porn|pornography|nudes?|sex)
        (?:nudes?|naked|sex|sexual|porn)~(?:children|child|minors?|underage|kids?|(?:\\d|1[0-7]) year old)
        (?:children|minors|underage (?:girls?|boys?)|(?:\\d|1[0-7]) year old (?:girl|boy))~(?:naked|nudes?|sex|
            sexual|porn)
        pedophil(?:e|es|ia)
    """,
    (Category.HATE, Severity.HIGH): """
        nigg(?:er|ers|a|as)|faggots?|kikes?|spics?|trann(?:y|ies)
        (?:gas|kill|exterminate) (?:the|all) (?:jews|blacks|gays|muslims|immigrants)
        (?:jews|blacks|gays|muslims|immigrants) (?:should|must|deserve to) (?:die|be killed)
        white power|heil hitler
        go back to (?:africa|the jungle|the zoo|your (?:own )?(?:shithole )?country)
        (?:dirty|filthy|stinking|fucking) (?:monkeys?|apes?|immigrants?|jews?|arabs|mexicans)
    """,
    (Category.VIOLENCE, Severity.HIGH): """
        how (?:to|do i|can i) (?:kill|poison|murder|torture|kidnap) (?:someone|somebody|a person|my (?:wife|husband|
            boss|neighbor)|people|him|her)
        how (?:to|do i|can i) (?:make|build) (?:a )?(?:bomb|pipe bomb|explosives?|molotov)
        (?:hire|need) a hit ?man
        school shooting
    """,
    (Category.DRUGS, Severity.MEDIUM): """
        cocaine|heroin|meth|methamphetamine|crack pipe|ecstasy pills?
    """,
    (Category.DRUGS, Severity.HIGH): """
        (?:buy|sell|selling|order|get)~(?:cocaine|heroin|meth|weed|lsd|mdma|fentanyl|illegal drugs)
        how (?:to|do i) (?:make|cook) (?:meth|crack|drugs|lsd)
        without (?:a )?prescription~(?:oxycodone|xanax|morphine|fentanyl)
    """,
    (Category.WEAPONS, Severity.HIGH): """
        (?:buy|sell|get|selling)~(?:illegal guns?|unregistered (?:guns?|pistols?|rifles?)|ghost guns?|an? (?:ak-?47|
            ar-?15|machine gun|grenade))
        how (?:to|do i) (?:make|build|print) (?:a )?(?:gun|ghost gun|silencer)
    """,
    (Category.FRAUD, Severity.HIGH): """
        (?:buy|sell|make|get|selling)~(?:fake|forged|counterfeit) (?:ids?|passports?|documents?|bills?|money|
            receipts?|licen[sc]es?)
        (?:clone|cloned|stolen) credit cards?
        launder(?:ing)? money|money laundering
        (?:buy|sell|selling|get|need|want)~(?:cloned|stolen|hacked) (?:credit |debit )?cards?
        how (?:to|do i|can i) (?:hack|hack into|spy on|break into)~(?:whatsapp|instagram|facebook|phone|account|email)
        (?:hack|hack into|spy on) (?:my|his|her|someone)~(?:whatsapp|instagram|facebook|phone|account|email)
    """,
    (Category.CREDENTIAL_REQUEST, Severity.MEDIUM): """
        (?:send|tell|give|enter|confirm|share|what is|provide)~(?:your|the) (?:password|pin|cvv|security code|otp|
            verification code|full card number|one time (?:code|password))
        (?:code|otp) (?:that )?(?:we|i|you) (?:just )?(?:sent|received|got)~(?:sms|text|whatsapp|phone|email)
    """,
    (Category.INJECTION, Severity.MEDIUM): """
        (?:ignore|disregard|forget|override|bypass)~(?:instructions?|rules|prompts?|guidelines|directions|
            everything (?:above|before))
        (?:show|reveal|print|repeat|output|display|tell me|what (?:is|are)|leak)~(?:system prompt|system message|
            text above|
            your (?:initial|hidden|secret|original|system|internal) (?:instructions|prompt)|your prompt|
            hidden instructions)
        (?:reveal|print|repeat|output|leak)~your instructions
        you are now~(?:a|an|the|dan|in|free|not|unrestricted)
        (?:act|behave|respond|pretend) (?:as|like|to be)~(?:no|without|unrestricted|dan|jailbroken|admin|developer|
            root|evil)
        (?:developer|debug|god|jailbreak|dan|admin) mode
        do anything now|jailbreak
        new (?:system )?instructions
        (?:system|assistant|developer) (?:prompt|message|override)
        begin system|end of (?:user|system) (?:prompt|input|message)
    """,
}
