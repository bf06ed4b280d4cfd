// Just enough reading of a document to know which operation is meant; the server does the rest.

const NOISE = /#[^\n]*|"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"/g;
const HEAD = /\b(query|mutation|subscription|fragment)\b\s*([_A-Za-z]\w*)?/y;

/** Return `{ kind, name }` of the operation around `caret`, or of the first. `name` is undefined for one without. */
export function operationAt(text, caret) {
  const bare = text.replace(NOISE, (noise) => ' '.repeat(noise.length));
  const operations = [];
  let depth = 0;
  for (let at = 0; at < bare.length; at += 1) {
    if ('{('.includes(bare[at])) {
      if (depth === 0 && bare[at] === '{' && operations.length === 0) operations.push({ at, kind: 'query' });
      depth += 1;
    } else if ('})'.includes(bare[at])) {
      depth -= 1;
    } else if (depth === 0) {
      HEAD.lastIndex = at;
      const head = HEAD.exec(bare);
      if (!head) continue;
      operations.push({ at, kind: head[1], name: head[2] });
      at += head[0].length - 1;
    }
  }
  const found = operations.filter(({ kind }) => kind !== 'fragment');
  return found.findLast(({ at }) => at <= caret) ?? found[0] ?? { kind: 'query' };
}
