// What the server wrote into the page: where the API is, and the demo login where there is one.

const { graphql, demoEmail, demoPassword } = document.body.dataset;

export const httpUrl = new URL(graphql, location.href).href;
export const socketUrl = httpUrl.replace(/^http/, 'ws');
export const sdlUrl = new URL('/schema.graphql', location.href).href;
export const demo = demoEmail ? { email: demoEmail, password: demoPassword } : null;
