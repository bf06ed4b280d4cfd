// The panel of examples: each opens in a tab of its own, also for those whose tabs were kept from an earlier visit.

import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { EXAMPLES, variablesText } from '../plain/examples.js';
import { Bulb } from './icons.jsx';

const GROUPS = [...new Set(EXAMPLES.map(({ group }) => group))].map((group) => ({
  group,
  examples: EXAMPLES.filter((each) => each.group === group),
}));

export const EXAMPLES_PLUGIN = { title: 'Examples', icon: Bulb, content: Examples };

function Examples() {
  const { addTab } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);

  function open(example) {
    addTab();
    queryEditor?.setValue(example.query);
    variableEditor?.setValue(variablesText(example));
    queryEditor?.focus();
  }

  return (
    <section className="panel" aria-label="Examples">
      <h2>Examples</h2>
      <p>Each opens in a new tab.</p>
      {GROUPS.map(({ group, examples }) => (
        <div key={group}>
          <h3>{group}</h3>
          <ul>
            {examples.map((example) => (
              <li key={example.title}>
                <button type="button" className="panel-choice" onClick={() => open(example)}>
                  {example.title}
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
