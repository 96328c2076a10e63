/** The log-in, and the choice of a password of one's own. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { choosePassword, logIn } from './floor.tsx'
import { words } from './words.tsx'

interface FormProps {
  readonly title: string
  readonly button: string
  readonly fields: readonly {
    readonly name: string
    readonly label: string
    readonly type: 'text' | 'password'
    readonly fill: 'username' | 'current-password' | 'new-password'
  }[]
  send(values: Record<string, string>): Promise<void>
}

function Form({ title, button, fields, send }: FormProps): JSX.Element {
  const error = useSignal('')
  const busy = useSignal(false)
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const values = Object.fromEntries(fields.map(({ name }) => [name, String(form.get(name) ?? '')]))
    busy.value = true
    error.value = ''
    await send(values).catch((failure: Error) => (error.value = failure.message))
    busy.value = false
  }
  return (
    <main class="door">
      <h1>Switchhook</h1>
      <form onSubmit={event => void submit(event as unknown as SubmitEvent)}>
        <h2>{title}</h2>
        {fields.map(({ name, label, type, fill }) => (
          <label key={name}>
            {label}
            {type === 'text' ? (
              <input name={name} autocomplete="username" required />
            ) : (
              <input name={name} type="password" autocomplete={fill} required />
            )}
          </label>
        ))}
        <button type="submit" disabled={busy.value}>
          {button}
        </button>
        <p role="alert">{error.value}</p>
      </form>
    </main>
  )
}

export const LogIn = (): JSX.Element => (
  <Form
    title={words().logIn}
    button={words().logIn}
    fields={[
      { name: 'name', label: words().name, type: 'text', fill: 'username' },
      { name: 'password', label: words().password, type: 'password', fill: 'current-password' },
    ]}
    send={({ name = '', password = '' }) => logIn(name, password)}
  />
)

export const ChoosePassword = (): JSX.Element => (
  <Form
    title={words().choose}
    button={words().save}
    fields={[
      { name: 'old', label: words().oldPassword, type: 'password', fill: 'current-password' },
      { name: 'password', label: words().newPassword, type: 'password', fill: 'new-password' },
    ]}
    send={({ old = '', password = '' }) => choosePassword(old, password)}
  />
)
