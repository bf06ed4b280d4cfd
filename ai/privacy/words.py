"""Words that names are told by: given names, surnames, and plain words that names share with the language.

Written without accents, in lower case. The lists hold what is frequent in Brazil, and are for deciding in doubt; whom
the CRM knows is found without them.
"""

from typing import Final

_LINKS: Final = "da das de del della di do dos du e la las los van von y"
LINKS: Final = frozenset(_LINKS.split())
_LEGAL_FORMS: Final = "ltda limitada me epp eireli mei sa s a cia inc llc ltd corp sas slu"
LEGAL_FORMS: Final = frozenset(_LEGAL_FORMS.split())

_GIVEN_NAMES: Final = """
    adailton adalberto adelia ademar ademir adilson adriana adriano agatha ailton alan alana alberto alejandra
    alejandro alessandra alessandro alex alexandra alexandre alexsandro alice aline alisson aloisio amanda amelia
    ana anderson andre andrea andreia andressa angela angelica angelo anita anna anthony antonia antonio aparecida
    ariana ariane arnaldo arthur artur augusto aurea barbara beatriz benedita benedito benicio benjamin bento
    bernardo bianca breno bruna bruno caio camila camile carina carla carlos carlota carmem carmen carolina caroline
    catarina caua cauan cecilia celia celina celso cesar charles cicera cicero cintia clarice claudemir claudete
    claudia claudineia claudio cleber cleide cleiton cleusa cristian cristiana cristiane cristiano cristina cynthia
    daiana daiane dalva damiao daniel daniela daniele danielle danilo dario davi david debora deise denis denise
    diana diego diogo dirce djalma domingos douglas edilson edina edinaldo edivaldo edmilson edna ednaldo edson
    eduarda eduardo elaine elen elena eliana eliane elias eliete elisa elisabete elisangela elizabete elizabeth eloa
    emanuel emanuela emanuelly emerson emilia emilly enzo erica erick erik erika ester eugenia eunice evandro evelyn
    everton fabiana fabiano fabio fabricio fatima felipe fernanda fernando filipe flavia flaviano flavio franciele
    francielle francisca francisco gabriel gabriela gabriele gabrielle genilson geovana geovanna geraldo gerson
    gilberto gilmar gilson giovana giovanna giovanni gisele gislaine guilherme guillermo gustavo heitor helena helio
    heloisa henrique hugo iara ignacio igor inacio ines iolanda iracema irene isaac isabel isabela isabella isabelle
    isadora isis ismael israel itamar ivan ivana ivanilda ivete ivone jacira jack jackson jacqueline jaime jair
    jairo james janaina jane janete jaqueline javier jean jefferson jennifer jessica joana joao joaquim joel joelma
    john jonas jonatas jonathan jorge jose josefa josefina joselito josue joyce juan juana juarez julia juliana
    juliane juliano julio junior jussara karen karina karine karla katia kaua kauan kelly kevin laercio laila laisa
    lara larissa laura lauro lavinia leandra leandro leila lenice leonardo leonor leticia levi lidia lidiane ligia
    lilian liliana liliane linda livia lorena lorenzo luan luana lucas lucia luciana luciane luciano lucimar
    lucineide luis luisa luiz luiza luzia maicon manoel manuel manuela manuella mara marcela marcelo marcia marcio
    marco marcos margarete margarida maria mariana mariane marilda marilena marilene marilia marina mario marisa
    maristela marlene marli marta mary mateus matheus maura mauricio mauro mayara maycon mayra melissa michael
    michel michele michelle miguel milena milton mirela miriam moises monica murilo nadia nair natalia natasha
    nathalia neide nelson neusa nicolas nicole nilson nilton nilza noemi octavio olga olivia orlando osmar osvaldo
    otavio pablo paloma pamela paola patricia paula paulo pedro peter pietra pietro poliana priscila quiteria rafael
    rafaela raimunda raimundo raissa ramon raquel raul rayane rebeca regiane regina reginaldo renan renata renato
    ricardo rita robert roberta roberto robson rodolfo rodrigo rogerio romario romulo ronaldo rosana rosane
    rosangela roseli rosemary rosilene rosimeire rosinha rubens ruth sabrina samanta samara samuel sandra sandro
    sara sarah saulo sebastiana sebastiao sergio severino sheila shirlei sidnei silas silvana silveira silvia silvio
    simone sofia solange sonia sophia stefany stela suelen sueli suely susan suzana tabata tadeu taina talita tamara
    tania tatiana tatiane teresa tereza thaina thais thalita theo thiago thomas tiago tomas ubirajara ulisses
    valdeci valdemar valdir valentim valentina valeria valerio valter vanda vanderlei vanessa vania vera veronica
    vicente victor victoria vilma vinicius vitor vivian viviane wagner waldemar wallace walter wanderson washington
    wellington wesley william willian wilma wilson ximena yago yara yasmin yuri zelia zilda
"""
GIVEN_NAMES: Final = frozenset(_GIVEN_NAMES.split())
_SURNAMES: Final = """
    albuquerque alencar almeida alves amaral amorim andrade antunes aragao araujo arruda assis assuncao azevedo
    bacelar bahia bandeira barbosa barreto barros bastos batista benites bezerra bianchi bittencourt borges braga
    brandao brito bueno cabral caetano caldas calixto camara camargo campelo cardoso carmo carneiro carvalho castro
    cavalcante cavalcanti chagas chaves coelho conceicao cordeiro correa correia costa coutinho couto cruz cunha
    dantas dias diniz domingues duarte esteves evangelista faria farias fernandes fernandez ferraz ferreira
    figueiredo fonseca fontenele fontes franca franco freire freitas furtado galvao garcia gomes gomez goncalves
    gonzalez gouveia guedes guerra guimaraes gusmao holanda jesus johnson lacerda leal leao leite lemos lima lins
    lopes lopez loureiro lucena macedo machado maciel magalhaes maia malta marinho marques martinez martins
    mascarenhas matias matos mattos medeiros meireles mello melo mendes mendonca menezes mesquita miranda monteiro
    moraes morais moreira mota moura nascimento negreiros neto neves nobrega nogueira novaes nunes oliveira pacheco
    padilha paiva paixao passos peixoto pereira perez pessoa pimenta pimentel pinheiro pinho pinto pires porto prado
    prates queiroz ramirez ramos rangel rego reis resende rezende ribeiro rios rocha rodrigues rodriguez rosario
    rossi sa saldanha sales salles salvador sampaio sanches sanchez santana santiago santos saraiva schmidt seixas
    serra sertao silva silveira simoes siqueira smith soares sobrinho sousa souto souza tavares teixeira teles
    telles toledo torres trindade uchoa valadares valente vargas vasconcelos vaz veloso ventura viana vianna vidal
    vieira vilela villela xavier zanetti
"""
SURNAMES: Final = frozenset(_SURNAMES.split())
_PLAIN_WORDS: Final = """
    agora alegre alegria alma amada amado amiga amigo amor angel aparecida aqui areia art ate atendimento aurora
    barreto barros bela belo bento bill boa bom branca branco brasil bravo brisa caldas camara campo campos carmo
    carneiro casa castelo ceu chase chaves clara claro cliente coelho com conceicao contato cordeiro costa couto
    cravo cruz cunha dantas dawn dia diamante dias domingo domingos drew esperanca estrela faith farias fe feliz
    ferro figueira filha filho flor flora flores fonte fontes franca franco frank freire gentil gerente gloria graca
    gracas grace grupo guerra hoje hope iris jardim jasmin jesus joia joy julho june junho junior lago leal leao
    leite lima linda lindo lins livre lobo loja lua luz machado mae maia mais mar marca marinho mark mata matos may
    mel menos miles moda monte morena moreno mota moura muniz nao natal neto neves nobre nova novo oi oliva ouro pai
    paiva paixao palma pao para passos paz pedra pena pequeno pereira perola pessoa pimenta pinheiro pinto pires
    porto prado prata preto primavera querido rainha ramos real rei reis ribeiro rich rico rio rios rocha rosa
    rosario rose sa sal sales salvador santa santana santo santos segundo sem serra silva sim sol souto summer
    suporte terra teste tim torres trindade vale valente valentina vendedor ventura verde viana vida vidal vieira
    violeta vitoria viva vivo will
"""
PLAIN_WORDS: Final = frozenset(_PLAIN_WORDS.split())
_NO_NAMES: Final = """
    a advogada advogado agent agora ai alguem amanha amiga amigo an and ano antes apenas aqui aquilo as assinante
    atendente atendimento avo banco bem boa bom brasil cadastrada cadastrado caixa casa cep cliente clientes cnpj
    com comercial compra consumidor consumidora correios cpf customer da das de dela dele depois deus dia diretor
    diretora do dona dono dos dr dra e ela elas ele eles em empresa entrega entregador entregas equipe esposa esposo
    eu favor filha filho financeiro fornecedor fornecedora from gente gerencia gerente god going happy here hoje
    homem humano ia interessada interessado irma irmao isso isto ja la lhe loja looking mae mais mal manager marido
    me medica medico menina menino menos mes mesma mesmo meu minha moca motoboy motorista muita muito mulher na nada
    namorada namorado nao nas ninguem no noite noiva noivo nome nos nossa nosso not nova novo numero o ontem os
    outra outro pai para pedido pessoa pessoal pix por pra primeira primeiro produto professor professora qual que
    quem rapaz recepcao representante responsavel revendedor revendedora rg robo sales se secretaria sem semana
    senhor senhora setor seu sim sindica sindico so somente sorry sr sra sua suporte support tarde te team the tia
    time tio titular toda todas todo todos tudo ultima ultimo um uma urgente usuaria usuario vc vcs vendas vendedor
    vendedora vizinha vizinho voce with your
"""
NO_NAMES: Final = frozenset(_NO_NAMES.split())
