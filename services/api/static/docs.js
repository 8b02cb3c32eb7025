// Where this script lies is where the API is.
const to = (
  (script) => (path) =>
    new URL(`../${path}`, script).pathname
)(document.currentScript.src);

// Shows the OpenAPI document with swagger-ui. Nothing is sent to anybody else: the online validator is switched off.
window.SwaggerUIBundle({
  url: to('api/openapi.json'),
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  layout: 'BaseLayout',
  presets: [window.SwaggerUIBundle.presets.apis],
  validatorUrl: null,
  queryConfigEnabled: false,
  // A POST without a body could be a foreign page's, and is refused behind a proxy that replaces Host; JSON could not.
  requestInterceptor: (request) => {
    if (request.method === 'POST') request.headers['Content-Type'] ??= 'application/json';
    return request;
  },
});

const who = document.getElementById('who');
const signOut = document.getElementById('sign-out');

async function showCaller() {
  const session = await (await fetch(to('api/session'))).json();
  if (!session.authenticated) return;
  who.textContent = `${session.name} (${session.role})`;
  signOut.hidden = false;
}

signOut.addEventListener('click', async () => {
  const response = await fetch(to('api/session'), { method: 'DELETE' });
  if (response.ok) location.reload();
});

// The page is of use without it, so a failure is not shown.
showCaller().catch(() => undefined);
