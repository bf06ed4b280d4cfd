// The plain page: sign in, send operations, follow subscriptions. It is what is shown where GraphiQL was not built.

import { demo, httpUrl, socketUrl } from './config.js';
import { EXAMPLES, variablesText } from './examples.js';
import { operationAt } from './operation.js';
import { Session } from './session.js';
import { SocketClient } from './socket.js';
import { stream } from './stream.js';

const SHOWN = 100;
const STATES = { idle: 'Ended', connecting: 'Connecting', connected: 'Live', reconnecting: 'Reconnecting' };

const byId = (id) => document.getElementById(id);
const form = byId('sign-in');
const query = byId('query');
const variables = byId('variables');
const session = new Session(httpUrl);
const socket = new SocketClient({
  url: socketUrl,
  connectionParams: () => session.authorization(),
  onState: (state) => {
    byId('state').textContent = STATES[state];
    byId('state').dataset.state = state;
  },
});
let stop = () => undefined;

function note(text, isProblem = false) {
  byId('note').textContent = text;
  byId('note').dataset.isProblem = isProblem;
}

function showSession() {
  form.hidden = session.isSignedIn;
  byId('signed-in').hidden = !session.isSignedIn;
  byId('email').textContent = session.email ?? '';
  note(!session.isSignedIn && demo ? 'The demo login is filled in' : '');
}

async function signIn(event) {
  event.preventDefault();
  const { email, password, code } = form.elements;
  const button = form.querySelector('button');
  button.disabled = true;
  try {
    await session.login(email.value.trim(), password.value, code.value.replaceAll(' ', ''));
    code.value = '';
    code.hidden = true;
  } catch (error) {
    const asksCode = error.code === 'SECOND_FACTOR_REQUIRED' && code.hidden;
    if (asksCode) code.hidden = false;
    if (!code.hidden) code.focus();
    note(asksCode ? 'Enter the code of your authenticator app' : error.message, !asksCode);
  } finally {
    button.disabled = false;
  }
}

function chooseExample() {
  const example = EXAMPLES[byId('examples').value];
  query.value = example.query;
  variables.value = variablesText(example);
}

function show(answer) {
  byId('answer').textContent = JSON.stringify(answer, null, 2);
}

async function run() {
  const { kind, name } = operationAt(query.value, query.selectionStart);
  const payload = { query: query.value, operationName: name };
  try {
    if (variables.value.trim()) payload.variables = JSON.parse(variables.value);
  } catch (error) {
    byId('answer').textContent = `The variables are no JSON: ${error.message}`;
    return;
  }
  if (kind === 'subscription') {
    follow(payload);
    return;
  }
  byId('run').disabled = true;
  byId('answer').textContent = '';
  try {
    show(await session.run(payload));
  } catch (error) {
    byId('answer').textContent = error.message;
  } finally {
    byId('run').disabled = false;
  }
}

function follow(payload) {
  stop();
  byId('live').hidden = false;
  byId('events').replaceChildren();
  stop = stream(session, (current, sink) => socket.subscribe(current, sink), payload, {
    next: ({ data, errors }) => addEvent(errors ? { data, errors } : data),
    error: (problem) => addEvent(problem instanceof Error ? problem.message : { errors: [problem].flat() }),
    complete: () => addEvent('The server ended the subscription.'),
  });
}

function addEvent(event) {
  const line = document.createElement('li');
  line.textContent = typeof event === 'string' ? event : JSON.stringify(event, null, 2);
  byId('events').prepend(line);
  while (byId('events').childElementCount > SHOWN) byId('events').lastElementChild.remove();
}

function fillExamples() {
  const groups = new Map();
  EXAMPLES.forEach(({ group, title }, index) => {
    if (!groups.has(group)) groups.set(group, Object.assign(document.createElement('optgroup'), { label: group }));
    groups.get(group).append(new Option(title, index));
  });
  byId('examples').append(...groups.values());
}

if (demo) {
  form.elements.email.value = demo.email;
  form.elements.password.value = demo.password;
}
fillExamples();
byId('examples').value = EXAMPLES.findIndex(({ title }) => title.startsWith('List contacts'));
chooseExample();
showSession();

session.addEventListener('change', () => {
  stop();
  showSession();
});
form.addEventListener('submit', signIn);
byId('sign-out').addEventListener('click', () => session.logout());
byId('examples').addEventListener('change', chooseExample);
byId('run').addEventListener('click', run);
byId('stop').addEventListener('click', () => stop());
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  void run();
});
