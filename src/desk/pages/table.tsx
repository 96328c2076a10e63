/** A table with its title, which scrolls by itself on a narrow screen. A head explains its figures where one rests on it. */
import type { JSX } from 'preact'

interface TableProps {
  readonly title: string
  readonly heads: readonly (readonly [name: string, what?: string])[]
  readonly empty: string
  readonly children: readonly JSX.Element[]
}

export function Table({ title, heads, empty, children }: TableProps): JSX.Element {
  return (
    <section>
      <h2>{title}</h2>
      {children.length === 0 ? (
        <p class="empty">{empty}</p>
      ) : (
        <div class="scroll" role="region" aria-label={title} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {heads.map(([name, what]) => (
                  <th key={name} scope="col" title={what}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{children}</tbody>
          </table>
        </div>
      )}
    </section>
  )
}
