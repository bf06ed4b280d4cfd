// Forms and steps of the pages of mailed links: what is refused stands beside its field, and the focus goes where one goes on.

import { Refused } from '../session.js';
import { knows, say } from './words.js';

/** Show one step of the page, and put the focus on its first field, or on its title. */
export function show(id) {
  for (const step of document.querySelectorAll('main > section')) step.hidden = step.id !== id;
  const step = document.getElementById(id);
  (step.querySelector('[autofocus]') ?? step.querySelector('h1')).focus();
}

/** Show the step of a link that does not work: its code is `missing` or `spent`. */
export function showDead(reason) {
  document.getElementById('reason').textContent = say(reason);
  document.getElementById('dead-title').textContent = say(`${reason}Title`);
  show('dead');
}

/** Do `act(fields)` when the form is sent, once at a time, and tell what was refused. */
export function onSubmit(form, act) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (form.ariaBusy === 'true') return;
    form.ariaBusy = 'true';
    clear(form);
    try {
      await act(form.elements);
    } catch (error) {
      tell(form, error);
    } finally {
      form.ariaBusy = 'false';
    }
  });
}

/** Show what was refused: each beside its field, or at the form's end when it is about none that is there. */
export function tell(form, error) {
  const isTold = error instanceof Refused && error.userErrors.length > 0;
  for (const problem of isTold ? error.userErrors : [{ code: error.code, field: [] }]) {
    const field = form.elements[problem.field.at(-1)];
    const place = form.querySelector(field ? `#${field.id}-problem` : '[role=alert]');
    place.textContent = [place.textContent, wordsOf(problem, error)].filter(Boolean).join(' ');
    field?.setAttribute('aria-invalid', 'true');
  }
  form.querySelector('[aria-invalid]')?.focus();
}

function clear(form) {
  for (const place of form.querySelectorAll('.problem')) place.textContent = '';
  for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
}

function wordsOf({ code, message }, error) {
  if (knows(code)) return say(code);
  return message ?? say(error instanceof Refused ? 'failed' : 'unreachable');
}
