// The token of a mailed link. It is taken out of the address bar before anything else, and kept nowhere but here.

export const token = new URLSearchParams(location.hash.slice(1)).get('token')?.trim() ?? '';

history.replaceState(null, '', location.pathname);
addEventListener('hashchange', () => location.reload()); // another link was opened in this window
