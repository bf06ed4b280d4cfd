// The page: the bar, and GraphiQL below it.

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { useMemo, useState } from 'react';
import { EXAMPLES, variablesText } from '../plain/examples.js';
import { Bar } from './bar.jsx';
import { EXAMPLES_PLUGIN } from './examples-panel.jsx';
import { eventsPlugin } from './events-panel.jsx';
import { fetcherOf } from './fetcher.js';

const THEME_KEY = 'whatshybrid:theme';
const SCALARS = { JSON: {} }; // anything, for the editor of variables: by itself it takes a text only
const TABS = EXAMPLES.filter(({ isTab }) => isTab).map((example) => ({
  query: example.query,
  variables: variablesText(example),
}));

export function Explorer({ session, socket }) {
  const [theme, setTheme] = useState(() => (localStorage.getItem(THEME_KEY) === 'light' ? 'light' : 'dark'));
  const fetcher = useMemo(() => fetcherOf(session, socket), [session, socket]);
  const plugins = useMemo(
    () => [HISTORY_PLUGIN, explorerPlugin(), EXAMPLES_PLUGIN, eventsPlugin(session, socket)],
    [session, socket],
  );
  function choose(chosen) {
    localStorage.setItem(THEME_KEY, chosen);
    setTheme(chosen);
  }
  return (
    <>
      <Bar session={session} socket={socket} theme={theme} onTheme={choose} />
      <main>
        <GraphiQL
          fetcher={fetcher}
          plugins={plugins}
          defaultTabs={TABS}
          defaultQuery=""
          customScalarSchemas={SCALARS}
          defaultEditorToolsVisibility="variables"
          forcedTheme={theme}
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
        >
          <GraphiQL.Logo>{''}</GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}
