// Sends the key to the API, which answers with a session cookie that scripts cannot read, and goes on to the page that
// asked for it. The server has made sure that `data-next` is a path on this host.
const session = new URL('../api/session', document.currentScript.src);
const form = document.getElementById('sign-in');
const input = document.getElementById('key');
const message = document.getElementById('message');
const button = form.querySelector('button');

async function signIn(key) {
  const response = await fetch(session, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key }),
  });
  if (response.ok) return undefined;
  const problem = await response.json().catch(() => ({}));
  return problem.detail ?? `The server answered ${response.status}.`;
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  button.disabled = true;
  message.textContent = '';
  const problem = await signIn(input.value.trim()).catch(() => 'The server cannot be reached.');
  button.disabled = false;
  if (problem === undefined) {
    location.assign(form.dataset.next);
    return;
  }
  message.textContent = problem;
  input.setAttribute('aria-invalid', 'true');
  input.select();
});
