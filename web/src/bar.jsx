// The bar above GraphiQL: who is signed in, or a box to sign in; whether the socket is open; dark or light.

import { useEffect, useState, useSyncExternalStore } from 'react';
import { demo, sdlUrl } from '../plain/config.js';
import { Logo, Moon, Sun } from './icons.jsx';

const ME = 'query ExplorerMe { me { user { name } role workspace { name } } }';
const STATES = {
  idle: ['Not subscribed', 'No subscription is open'],
  connecting: ['Connecting', 'The socket is being opened'],
  connected: ['Live', 'The socket is open'],
  reconnecting: ['Reconnecting', 'The socket was lost: it comes back, and goes on after the last event'],
};

export function Bar({ session, socket, theme, onTheme }) {
  const email = useSession(session);
  return (
    <header className="bar">
      <Logo />
      <span className="bar-name">WhatsHybrid</span>
      <a className="bar-link" href={sdlUrl} target="_blank" rel="noreferrer">
        Schema
      </a>
      <span className="bar-gap" />
      {email ? <SignedIn key={email} session={session} socket={socket} email={email} /> : <SignIn session={session} />}
      <button
        type="button"
        className="bar-icon"
        aria-label={`Switch to ${theme === 'dark' ? 'light' : 'dark'} colours`}
        title={`Switch to ${theme === 'dark' ? 'light' : 'dark'} colours`}
        onClick={() => onTheme(theme === 'dark' ? 'light' : 'dark')}
      >
        {theme === 'dark' ? <Sun /> : <Moon />}
      </button>
    </header>
  );
}

/** Return the e-mail address of whoever is signed in, or null. */
export function useSession(session) {
  return useSyncExternalStore(
    (tell) => {
      session.addEventListener('change', tell);
      return () => session.removeEventListener('change', tell);
    },
    () => session.email,
  );
}

function SignedIn({ session, socket, email }) {
  const [me, setMe] = useState(null);
  useEffect(() => {
    let isShown = true;
    session.run({ query: ME }).then(
      ({ data }) => isShown && setMe(data?.me ?? null),
      () => undefined,
    );
    return () => {
      isShown = false;
    };
  }, [session]);
  const place = me?.workspace ? `${me.workspace.name} · ${me.role.toLowerCase()}` : email;
  return (
    <>
      <SocketState socket={socket} />
      <span className="bar-person" title={email}>
        <strong>{me?.user.name ?? email}</strong>
        <small>{place}</small>
      </span>
      <button type="button" className="bar-button" onClick={() => void session.logout()}>
        Sign out
      </button>
    </>
  );
}

function SocketState({ socket }) {
  const state = useSyncExternalStore(
    (tell) => {
      socket.addEventListener('change', tell);
      return () => socket.removeEventListener('change', tell);
    },
    () => socket.state,
  );
  const [word, explanation] = STATES[state];
  return (
    <span className="bar-state" data-state={state} title={explanation}>
      {word}
    </span>
  );
}

function SignIn({ session }) {
  const [asksCode, setAsksCode] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState('');

  async function signIn(event) {
    event.preventDefault();
    const { email, password, code } = Object.fromEntries(new FormData(event.currentTarget));
    setIsBusy(true);
    setProblem('');
    try {
      await session.login(email.trim(), password, code?.replaceAll(' ', ''));
    } catch (error) {
      if (error.code === 'SECOND_FACTOR_REQUIRED') setAsksCode(true);
      setProblem(error.code === 'SECOND_FACTOR_REQUIRED' && !asksCode ? '' : error.message);
      setIsBusy(false);
    }
  }

  const hint = asksCode ? 'Enter the code of your authenticator app' : demo && 'The demo login is filled in';
  return (
    <form className="bar-form" onSubmit={signIn}>
      <output className="bar-note" data-is-problem={problem !== ''} title={problem}>
        {problem || hint}
      </output>
      <input
        name="email"
        type="email"
        required
        aria-label="E-mail"
        placeholder="E-mail"
        autoComplete="username"
        defaultValue={demo?.email}
      />
      <input
        name="password"
        type="password"
        required
        aria-label="Password"
        placeholder="Password"
        autoComplete="current-password"
        defaultValue={demo?.password}
      />
      {asksCode && (
        <input
          name="code"
          required
          autoFocus
          className="bar-code"
          aria-label="Second-factor code"
          placeholder="Code"
          inputMode="text"
          autoComplete="one-time-code"
        />
      )}
      <button className="bar-button bar-button-main" disabled={isBusy}>
        Sign in
      </button>
    </form>
  );
}
