// What the pages of mailed links say, in Portuguese and English: Portuguese where the browser speaks it. The names in
// capitals are codes of the API; a code without words here is told in the server's own.

const WORDS = {
  resetTitle: ['Escolha uma nova senha', 'Choose a new password'],
  newPassword: ['Nova senha', 'New password'],
  passwordHint: ['De 10 a 256 caracteres, difícil de adivinhar.', '10 to 256 characters, not easy to guess.'],
  again: ['Nova senha, mais uma vez', 'New password, once more'],
  different: ['As duas senhas não são iguais.', 'The two passwords are not the same.'],
  resetDo: ['Trocar a senha', 'Set the password'],
  resetDone: ['Sua senha foi trocada', 'Your password was changed'],
  resetNext: [
    'Todas as sessões foram encerradas, em todos os aparelhos. Entre de novo com a nova senha.',
    'All sessions were ended, on every device. Sign in again with the new password.',
  ],
  missingTitle: ['Falta o código do link', 'The code of the link is missing'],
  spentTitle: ['Este link não vale mais', 'This link does not work any more'],
  missing: [
    'O endereço veio sem o código do link, ou a página foi recarregada. Abra de novo o link do e-mail.',
    'The address came without the code of the link, or the page was reloaded. Open the link in the mail again.',
  ],
  spent: [
    'Ele já foi usado, foi trocado por um mais novo ou passou do prazo.',
    'It was used, was replaced by a newer one, or has run out.',
  ],
  resetAgain: [
    'Se o link do e-mail mais recente não funcionar, peça outro aqui.',
    'If the link in the newest mail does not work, ask for another here.',
  ],
  mailDo: ['Enviar outro link', 'Mail another link'],
  mailed: [
    'Se houver uma conta com este e-mail, o link chega em instantes e vale por 30 minutos.',
    'If there is an account with this address, the link arrives in a moment. It works for 30 minutes.',
  ],
  verifyTitle: ['Confirme seu e-mail', 'Confirm your e-mail address'],
  verifyWhy: ['Um toque, e seu endereço está confirmado.', 'One click, and your address is confirmed.'],
  verifyDo: ['Confirmar', 'Confirm'],
  verifyDone: ['E-mail confirmado', 'E-mail address confirmed'],
  verifyNext: ['Obrigado. Você já pode fechar esta página.', 'Thank you. You may close this page.'],
  verifyAgain: [
    'Se você já confirmou seu e-mail, está tudo certo. Senão, entre na API e peça outro link com a operação emailVerifyRequest.',
    'If you have confirmed your address already, all is well. If not, sign in to the API and ask for another link with the operation emailVerifyRequest.',
  ],
  inviteTitle: ['Aceite o convite', 'Accept the invitation'],
  inviteWhy: [
    'Use o endereço de e-mail que recebeu o convite.',
    'Use the e-mail address that the invitation was sent to.',
  ],
  name: ['Nome', 'Name'],
  email: ['E-mail', 'E-mail'],
  password: ['Senha', 'Password'],
  code: ['Código do segundo fator', 'Second-factor code'],
  loginDo: ['Entrar e aceitar', 'Sign in and accept'],
  registerDo: ['Criar conta e aceitar', 'Make an account and accept'],
  toRegister: ['Ainda não tenho conta', 'I have no account yet'],
  toLogin: ['Já tenho conta', 'I have an account'],
  forgot: ['Esqueci minha senha', 'I forgot my password'],
  signedInAs: ['Você entrou como {email}.', 'You are signed in as {email}.'],
  acceptDo: ['Aceitar com esta conta', 'Accept with this account'],
  otherDo: ['Usar outra conta', 'Use another account'],
  inviteDone: ['Convite aceito', 'Invitation accepted'],
  inviteNext: ['Agora você faz parte de {workspace}.', 'You are now a member of {workspace}.'],
  inviteAgain: ['Ou peça um novo convite a quem o enviou.', 'Or ask whoever sent it for a new invitation.'],
  toApi: ['Ir para a API', 'Go to the API'],
  unreachable: [
    'Não foi possível falar com o servidor. Verifique sua conexão e tente de novo.',
    'The server could not be reached. Look at your connection, and try again.',
  ],
  failed: ['O servidor não conseguiu fazer isso. Tente de novo em instantes.', 'The server could not do it. Try again soon.'],
  EMAIL_INVALID: ['Isto não é um endereço de e-mail.', 'This is no e-mail address.'],
  EMAIL_TAKEN: [
    'Já existe uma conta com este e-mail: entre com ela.',
    'There is an account with this e-mail address: sign in with it.',
  ],
  PASSWORD_WEAK: [
    'Escolha uma senha mais longa ou menos comum: de 10 a 256 caracteres, difícil de adivinhar.',
    'Choose a longer or less common password: 10 to 256 characters, not easy to guess.',
  ],
  REQUIRED: ['Preencha este campo.', 'Fill in this field.'],
  TOO_LONG: ['Este texto é longo demais.', 'This text is too long.'],
  TEXT_INVALID: ['Este texto contém caracteres que não são aceitos.', 'This text holds characters that are not accepted.'],
  INVALID_CREDENTIALS: ['O e-mail ou a senha não está certo.', 'The e-mail address or the password is not right.'],
  SECOND_FACTOR_REQUIRED: [
    'Digite o código do seu aplicativo autenticador, ou um código de recuperação.',
    'Type the code of your authenticator app, or a recovery code.',
  ],
  SECOND_FACTOR_INVALID: [
    'Este código não vale ou já foi usado: digite o mais novo, ou um código de recuperação.',
    'This code is not valid, or was used: type the newest one, or a recovery code.',
  ],
  INVITE_INVALID: [
    'Este convite é para outro endereço de e-mail, já foi usado, foi retirado ou passou dos 7 dias. Entre com o endereço que o recebeu, ou peça um novo a quem o enviou.',
    'This invitation is for another e-mail address, was used or withdrawn, or is older than 7 days. Sign in with the address that it was sent to, or ask whoever sent it for a new one.',
  ],
  ALREADY_MEMBER: ['Você já faz parte deste espaço de trabalho.', 'You are a member of this workspace already.'],
  LIMIT_REACHED: [
    'Este espaço de trabalho está cheio, ou você já está em tantos quanto pode.',
    'This workspace is full, or you are in as many as you may be.',
  ],
  SESSION_ENDED: ['Sua sessão terminou: entre de novo.', 'Your session has ended: sign in again.'],
  RATE_LIMITED: ['Foram tentativas demais. Espere alguns minutos e tente de novo.', 'Too many tries. Wait some minutes, and try again.'],
};

const isPortuguese = navigator.language.toLowerCase().split('-')[0] === 'pt';

export const language = isPortuguese ? 'pt-BR' : 'en';

/** Tell whether there are words for a name. */
export function knows(name) {
  return Object.hasOwn(WORDS, name);
}

/** Return the words of a name, with values in the place of `{names}`. */
export function say(name, values = {}) {
  return WORDS[name][isPortuguese ? 0 : 1].replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
}

/** Put the words of the person's language into the page. */
export function speak() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-say]')) element.textContent = say(element.dataset.say);
}
