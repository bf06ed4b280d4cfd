// The page of a mailed link that proves an e-mail address. Opening it proves nothing: scanners of mail open links too.

import { httpUrl } from '../config.js';
import { payloadOf, post } from '../session.js';
import { onSubmit, show, showDead } from './form.js';
import { token } from './link.js';
import { speak } from './words.js';

const VERIFY = `mutation EmailVerify($input: EmailVerifyInput!) {
  emailVerify(input: $input) { userErrors { code message field } }
}`;

const byId = (id) => document.getElementById(id);

async function verify() {
  try {
    payloadOf(await post(httpUrl, { query: VERIFY, variables: { input: { token } } }));
    show('done');
  } catch (error) {
    if (error.code !== 'LINK_INVALID') throw error;
    showDead('spent');
  }
}

speak();
onSubmit(byId('verify'), verify);
if (token) show('ask');
else showDead('missing');
