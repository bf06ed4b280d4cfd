// Who is signed in: keeps the access token in memory and in this tab's sessionStorage, renews it in time, and sends
// operations with it. Shared by the GraphiQL page and the plain page; depends on nothing but the browser.

const KEY = 'whatshybrid:session';
const RENEW_BEFORE_MS = 60_000;
const RENEW_AT_MOST_EVERY_MS = 10_000;
const TIMEOUT_MS = 35_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const LOGIN = `mutation ExplorerLogin($input: LoginInput!) {
  login(input: $input) { accessToken refreshToken expiresAt userErrors { code message field } }
}`;
const REGISTER = `mutation ExplorerRegister($input: RegisterInput!) {
  register(input: $input) { accessToken refreshToken expiresAt userErrors { code message field } }
}`;
const SWITCH = `mutation ExplorerWorkspaceSwitch($input: WorkspaceSwitchInput!) {
  workspaceSwitch(input: $input) { accessToken refreshToken expiresAt userErrors { code message field } }
}`;
const RENEW = `mutation ExplorerTokenRefresh($input: TokenRefreshInput!) {
  tokenRefresh(input: $input) { accessToken refreshToken expiresAt userErrors { code message } }
}`;
const LOGOUT = 'mutation ExplorerLogout { logout { userErrors { code message } } }';

/** A refusal in words for the person; `code` is the server's, where it gave one, and `userErrors` are all of them. */
export class Refused extends Error {
  constructor(message, code, userErrors = []) {
    super(message);
    this.code = code;
    this.userErrors = userErrors;
  }
}

/** Return what the one root field of an answer holds. Throws Refused when the server did not do it. */
export function payloadOf({ data, errors }) {
  const payload = Object.values(data ?? {})[0];
  const problem = payload?.userErrors?.[0] ?? errors?.[0];
  if (problem || !payload) {
    const code = problem?.code ?? problem?.extensions?.code;
    throw new Refused(problem?.message ?? 'The server did not do it.', code, payload?.userErrors);
  }
  return payload;
}

/** Send an operation and return the answer, which may be one of refusal. Throws when there is none. */
export async function post(url, body, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    credentials: 'omit',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The server answered ${response.status} ${response.statusText}: ${text.slice(0, 200)}`);
  }
}

/** Tell whether errors say that the access token was refused. */
export function isSignedOut(errors) {
  return (
    Array.isArray(errors) &&
    errors.some(({ extensions }) => ['UNAUTHENTICATED', 'TOKEN_EXPIRED'].includes(extensions?.code))
  );
}

/** Dispatches `change` when somebody signs in or out, and `renewed` when the token was replaced. */
export class Session extends EventTarget {
  #url;
  #kept;
  #renewing = null;
  #timer;

  constructor(url) {
    super();
    this.#url = url;
    this.#kept = read();
    this.#schedule();
  }

  get email() {
    return this.#kept?.email ?? null;
  }

  get isSignedIn() {
    return this.#kept !== null;
  }

  /** Return the headers, which are the line of connection_init too, renewing the token first when it is about to end. */
  async authorization() {
    if (this.#kept?.refreshToken && this.#millisecondsLeft() < RENEW_BEFORE_MS) await this.renew();
    return this.#kept ? { authorization: `Bearer ${this.#kept.accessToken}` } : {};
  }

  /** Sign in. `code` is that of the second factor, if the account has one. Throws Refused. */
  async login(email, password, code) {
    const input = code ? { email, password, code } : { email, password };
    this.#enter(email, await post(this.#url, { query: LOGIN, variables: { input } }));
  }

  /** Make an account, and sign in. Throws Refused. */
  async register(input) {
    this.#enter(input.email, await post(this.#url, { query: REGISTER, variables: { input } }));
  }

  /** Go on in another workspace. Throws Refused. */
  async switchTo(id) {
    this.#enter(this.email, await this.run({ query: SWITCH, variables: { input: { id } } }));
  }

  /** Sign out here, and end the session on the server if it can be reached. */
  async logout() {
    const headers = this.#kept ? { authorization: `Bearer ${this.#kept.accessToken}` } : {};
    this.#forget();
    await post(this.#url, { query: LOGOUT }, headers).catch(() => undefined);
  }

  /** Replace the token, once however many ask. Return whether there is a new one; signs out when the server says no. */
  renew() {
    if (!this.#kept?.refreshToken) return Promise.resolve(false);
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** Run a query or mutation; once more with a new token when the old one was refused before anything was done. */
  async run(body, headers = {}) {
    const answer = await post(this.#url, body, { ...(await this.authorization()), ...headers });
    const isUndone = Object.values(answer.data ?? {}).every((value) => value === null);
    const mayRenew = this.isSignedIn && !hasAuthorization(headers);
    if (isUndone && mayRenew && isSignedOut(answer.errors) && (await this.renew())) {
      return post(this.#url, body, { ...(await this.authorization()), ...headers });
    }
    return answer;
  }

  async #renew() {
    const before = this.#kept;
    let answer;
    try {
      answer = await post(this.#url, { query: RENEW, variables: { input: { refreshToken: before.refreshToken } } });
    } catch {
      return false; // the server is away, which says nothing about the session
    }
    if (this.#kept !== before) return this.isSignedIn;
    const payload = answer.data?.tokenRefresh;
    if (payload?.accessToken) {
      this.#keep({ email: before.email, ...tokens(payload) });
      this.dispatchEvent(new Event('renewed'));
      return true;
    }
    if (payload?.userErrors?.length || isSignedOut(answer.errors)) this.#forget();
    return false;
  }

  #enter(email, answer) {
    this.#keep({ email, ...tokens(payloadOf(answer)) });
    this.dispatchEvent(new Event('change'));
  }

  #millisecondsLeft() {
    const left = Date.parse(this.#kept?.expiresAt) - Date.now();
    return Number.isNaN(left) ? Infinity : left;
  }

  #keep(kept) {
    this.#kept = kept;
    sessionStorage.setItem(KEY, JSON.stringify(kept));
    this.#schedule();
  }

  #forget() {
    this.#kept = null;
    sessionStorage.removeItem(KEY);
    clearTimeout(this.#timer);
    this.dispatchEvent(new Event('change'));
  }

  #schedule() {
    clearTimeout(this.#timer);
    const wait = this.#millisecondsLeft() - RENEW_BEFORE_MS;
    if (!this.#kept?.refreshToken || wait > LONGEST_TIMER_MS) return;
    this.#timer = setTimeout(async () => {
      if (!(await this.renew())) this.#schedule();
    }, Math.max(wait, RENEW_AT_MOST_EVERY_MS));
  }
}

function tokens({ accessToken, refreshToken, expiresAt }) {
  return { accessToken, refreshToken, expiresAt };
}

function hasAuthorization(headers) {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
}

function read() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    return typeof kept?.accessToken === 'string' ? kept : null;
  } catch {
    return null;
  }
}
