// What both pages add to a subscription: a refused token is renewed once and the subscription taken up again, a dropped
// socket resumes after the last event seen, and the answer shows the events before the latest too.

import { isSignedOut } from './session.js';

const EARLIER_SHOWN = 20;
const REFUSED_CLOSES = [4401, 4403];
const UNAUTHENTICATED = [{ message: 'The socket was refused: sign in again.', extensions: { code: 'UNAUTHENTICATED' } }];

/**
 * Subscribe, and return the function that ends it.
 *
 * `open(payload, sink)` is a client's subscribe; it writes `payload` anew at each connection, so that moving its `after`
 * variable on makes a reconnection resume. `sink` has `next(answer)`, `error(errors or Error)` and `complete()`.
 */
export function stream(session, open, payload, sink) {
  const subscription = { ...payload, variables: { ...payload.variables } };
  const resumes = /\$after\s*:/.test(payload.query);
  const earlier = [];
  let close = () => undefined;
  let attempt = 0; // what an attempt says after the next one has begun, or after the end, is not heard
  let latest = null;
  let received = 0;
  let mayRenew = true;

  function start() {
    const mine = ++attempt;
    const heard = (act) => (value) => mine === attempt && act(value);
    close = open(subscription, { next: heard(next), error: heard(error), complete: heard(() => end(sink.complete)) });
  }
  function end(tell, problem) {
    attempt += 1;
    tell(problem);
  }
  async function renewOr(problem) {
    const mine = ++attempt;
    close();
    const isRenewed = mayRenew && session.isSignedIn && (await session.renew());
    if (mine !== attempt) return;
    mayRenew = false;
    if (isRenewed) start();
    else end(sink.error, problem);
  }
  function next(answer) {
    if (isSignedOut(answer.errors)) {
      void renewOr(answer.errors);
      return;
    }
    mayRenew = true;
    received += 1;
    if (resumes) subscription.variables.after = cursorOf(answer) ?? subscription.variables.after;
    if (latest) earlier.unshift(latest);
    earlier.length = Math.min(earlier.length, EARLIER_SHOWN);
    latest = answer.data;
    sink.next({ ...answer, extensions: { ...answer.extensions, received, earlier: [...earlier] } });
  }
  function error(problem) {
    if (REFUSED_CLOSES.includes(problem?.code)) void renewOr(UNAUTHENTICATED);
    else if (isSignedOut(problem)) void renewOr(problem);
    else end(sink.error, isClose(problem) ? new Error(closed(problem)) : problem);
  }

  start();
  return () => {
    attempt += 1;
    close();
  };
}

function cursorOf(answer) {
  const [event] = Object.values(answer.data ?? {});
  return typeof event?.cursor === 'string' ? event.cursor : undefined;
}

function isClose(problem) {
  return typeof problem?.code === 'number' && typeof problem?.reason === 'string';
}

function closed({ code, reason }) {
  return `The socket was closed (${code}${reason ? `: ${reason}` : ''}).`;
}
