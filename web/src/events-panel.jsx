// The panel of events: follows the workspace beside whatever runs in the tabs, the newest event on top.

import { useEffect, useState } from 'react';
import { useSession } from './bar.jsx';
import { follow } from './fetcher.js';
import { Pulse } from './icons.jsx';

const SHOWN = 100;
const FOLLOW = `subscription ExplorerEvents($after: String) {
  workspaceEvents(after: $after) {
    ... on WorkspaceEvent { seq cursor type at subjectIds actor { name } payload }
    ... on ResyncRequired { cursor reason }
  }
}`;
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** Make the plugin; it reads as whoever is signed in. */
export function eventsPlugin(session, socket) {
  return { title: 'Live events', icon: Pulse, content: () => <Events session={session} socket={socket} /> };
}

function Events({ session, socket }) {
  const email = useSession(session);
  const [events, setEvents] = useState([]);
  const [problem, setProblem] = useState('');

  useEffect(() => {
    setEvents([]);
    setProblem('');
    if (!email) return undefined;
    return follow(session, socket, { query: FOLLOW }, {
      next: ({ data, errors }) => {
        const event = data?.workspaceEvents;
        if (event) setEvents((earlier) => [event, ...earlier].slice(0, SHOWN));
        setProblem(errors?.[0]?.message ?? '');
      },
      error: (given) => setProblem([given].flat()[0]?.message ?? 'The server ended the subscription.'),
      complete: () => setProblem('The server ended the subscription.'),
    });
  }, [session, socket, email]);

  return (
    <section className="panel" aria-label="Live events">
      <h2>Live events</h2>
      <p>{email ? 'What happens in the workspace while you work.' : 'Sign in to follow the workspace.'}</p>
      {problem && <p className="panel-problem">{problem}</p>}
      {email && !problem && events.length === 0 && (
        <p className="panel-empty">Nothing yet. Create a contact, here or in another window.</p>
      )}
      <ol className="events">
        {events.map((event) => (
          <Event key={event.cursor} event={event} />
        ))}
      </ol>
    </section>
  );
}

function Event({ event: { seq, type, at, actor, subjectIds, payload, reason } }) {
  if (reason) return <li className="event">{reason}</li>;
  return (
    <li className="event">
      <div className="event-head">
        <strong>{type}</strong>
        <time dateTime={at}>{TIME.format(new Date(at))}</time>
      </div>
      <div className="event-by">
        #{seq} by {actor?.name ?? 'the system'}
      </div>
      <code>{subjectIds.join(' ')}</code>
      {Object.keys(payload).length > 0 && <pre>{JSON.stringify(payload, null, 1)}</pre>}
    </li>
  );
}
