// The explorer: GraphiQL with a bar to sign in, examples, and a panel that shows what happens while you work.

import 'graphiql/setup-workers/vite';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import '@graphiql/plugin-explorer/style.css';
import 'graphiql/graphiql.css';
import '../plain/colors.css';
import './colors.css';
import './page.css';
import { createRoot } from 'react-dom/client';
import { httpUrl, socketUrl } from '../plain/config.js';
import { Session } from '../plain/session.js';
import { Explorer } from './explorer.jsx';
import { LiveSocket } from './live-socket.js';

const session = new Session(httpUrl);
const socket = new LiveSocket(session, socketUrl);

createRoot(document.getElementById('root')).render(<Explorer session={session} socket={socket} />);
