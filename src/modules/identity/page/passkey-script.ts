/** Turns WebAuthn's JSON into what browsers take, and their answers into what our routes take. */
const shared = `
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0))
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
async function post(path, body) {
  const answer = await fetch(path, { method: 'POST', ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) })
  if (!answer.ok) throw Object.assign(new Error(), { status: answer.status, told: await answer.json().catch(() => ({})) })
  return answer.json()
}
const tell = (place, words) => { place.textContent = words; place.hidden = false }
`

/** On the page to sign in: a button, and passkeys among what the browser offers to fill in. Browsers without passkeys see nothing of it. */
export const signInScript = `${shared}
const place = document.getElementById('passkey')
if (window.PublicKeyCredential) {
  place.hidden = false
  const fault = place.querySelector('[role=alert]')
  let pending
  const signIn = async (mediation) => {
    pending?.abort()
    const { signal } = (pending = new AbortController())
    try {
      const json = await post('/v1/session/passkey/options')
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON?.(json) ?? { ...json, challenge: bytes(json.challenge), allowCredentials: [] }
      const { rawId, response } = await navigator.credentials.get({ publicKey, mediation, signal })
      const { clientDataJSON, authenticatorData, signature, userHandle } = response
      await post('/v1/session/passkey', { credential: {
        id: text(rawId), clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature), userHandle: text(userHandle ?? new ArrayBuffer(0)),
      } })
      location.assign(place.dataset.next)
    } catch (error) {
      if (!signal.aborted) tell(fault, error.status === 429 ? place.dataset.tooMany : place.dataset.wrong)
    }
  }
  place.querySelector('button').addEventListener('click', () => {
    fault.hidden = true
    signIn('optional')
  })
  PublicKeyCredential.isConditionalMediationAvailable?.().then((can) => can && signIn('conditional'))
}`

/** On the page of one's passkeys: adds one. */
export const addPasskeyScript = `${shared}
const form = document.getElementById('add')
if (window.PublicKeyCredential) {
  form.hidden = false
  document.getElementById('cannot').hidden = true
  const fault = form.querySelector('[role=alert]')
  const button = form.querySelector('button')
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    fault.hidden = true
    button.disabled = true
    try {
      const password = form.querySelector('[name=password]')
      const json = await post('/v1/passkeys/options', password ? { password: password.value } : {})
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON?.(json) ?? {
        ...json,
        challenge: bytes(json.challenge),
        user: { ...json.user, id: bytes(json.user.id) },
        excludeCredentials: json.excludeCredentials.map((one) => ({ ...one, id: bytes(one.id) })),
      }
      const { rawId, response } = await navigator.credentials.create({ publicKey })
      const { clientDataJSON, attestationObject } = response
      await post('/v1/passkeys', { name: form.querySelector('[name=name]').value, credential: {
        id: text(rawId), clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject), transports: response.getTransports?.() ?? [],
      } })
      location.assign(form.dataset.next)
    } catch (error) {
      const { again, wrong, tooMany, password, name, factor } = form.dataset
      const kind = error.told?.secondFactor ? factor : { 401: password, 422: name, 429: tooMany }[error.status] ?? (error.name === 'InvalidStateError' || error.status === 409 ? again : wrong)
      tell(fault, kind)
      button.disabled = false
    }
  })
}`
