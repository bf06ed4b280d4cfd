// The page of a mailed link that sets a new password.

import { httpUrl } from '../config.js';
import { payloadOf, post, Refused } from '../session.js';
import { onSubmit, show, showDead } from './form.js';
import { token } from './link.js';
import { say, speak } from './words.js';

const RESET = `mutation PasswordReset($input: PasswordResetInput!) {
  passwordReset(input: $input) { userErrors { code message field } }
}`;
const REQUEST = `mutation PasswordResetRequest($input: PasswordResetRequestInput!) {
  passwordResetRequest(input: $input) { userErrors { code message field } }
}`;

const byId = (id) => document.getElementById(id);

async function reset({ password, again }) {
  if (password.value !== again.value) {
    throw new Refused(say('different'), null, [{ message: say('different'), field: ['again'] }]);
  }
  try {
    payloadOf(await post(httpUrl, { query: RESET, variables: { input: { token, password: password.value } } }));
    byId('reset').reset();
    show('done');
  } catch (error) {
    if (error.code !== 'LINK_INVALID') throw error;
    showDead('spent');
  }
}

async function requestMail({ email }) {
  payloadOf(await post(httpUrl, { query: REQUEST, variables: { input: { email: email.value.trim() } } }));
  show('mailed');
}

speak();
onSubmit(byId('reset'), reset);
onSubmit(byId('request'), requestMail);
if (token) show('ask');
else showDead('missing');
