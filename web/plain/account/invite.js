// The page of a mailed invitation: whoever follows it signs in or registers, and joins the workspace.

import { httpUrl } from '../config.js';
import { payloadOf, Session } from '../session.js';
import { onSubmit, show, showDead, tell } from './form.js';
import { token } from './link.js';
import { language, say, speak } from './words.js';

const ACCEPT = `mutation InviteAccept($input: InviteAcceptInput!) {
  inviteAccept(input: $input) { workspace { id name } userErrors { code message field } }
}`;
const SIGNED_OUT = ['SESSION_ENDED', 'TOKEN_EXPIRED', 'UNAUTHENTICATED'];

const byId = (id) => document.getElementById(id);
const session = new Session(httpUrl);

function showAccount() {
  byId('account').textContent = say('signedInAs', { email: session.email });
  show('signed-in');
}

async function accept() {
  const { workspace } = payloadOf(await session.run({ query: ACCEPT, variables: { input: { token } } }));
  byId('joined').textContent = say('inviteNext', { workspace: workspace.name });
  await session.switchTo(workspace.id).catch(() => undefined); // they have joined all the same, and can switch later
  show('done');
}

async function acceptAtOnce(form) {
  form.reset();
  try {
    await accept();
  } catch (error) {
    showAccount();
    tell(byId('accept'), error);
  }
}

async function login({ email, password, code }) {
  try {
    await session.login(email.value.trim(), password.value, code.value.replaceAll(' ', ''));
  } catch (error) {
    if (error.code === 'SECOND_FACTOR_REQUIRED') byId('second-factor').hidden = false;
    throw error;
  }
  byId('second-factor').hidden = true;
  await acceptAtOnce(byId('login'));
}

async function register({ name, email, password }) {
  await session.register({ name: name.value, email: email.value.trim(), password: password.value, language });
  await acceptAtOnce(byId('register'));
}

async function acceptAgain() {
  try {
    await accept();
  } catch (error) {
    if (!SIGNED_OUT.includes(error.code)) throw error;
    void session.logout();
    show('sign-in');
    tell(byId('login'), { code: 'SESSION_ENDED' });
  }
}

function turnTo(form, step) {
  const other = form === 'login' ? 'register' : 'login';
  byId(form).elements.email.value ||= byId(other).elements.email.value;
  show(step);
}

speak();
onSubmit(byId('login'), login);
onSubmit(byId('register'), register);
onSubmit(byId('accept'), acceptAgain);
byId('to-register').addEventListener('click', () => turnTo('register', 'sign-up'));
byId('to-login').addEventListener('click', () => turnTo('login', 'sign-in'));
byId('other').addEventListener('click', () => {
  void session.logout();
  show('sign-in');
});
if (!token) showDead('missing');
else if (session.isSignedIn) showAccount();
else show('sign-in');
