/** Finds the column of a list that holds the numbers, by the names that people give it. Used by import.ts. */

/** The names that say telephone, as `plainName` writes them. */
const TELEPHONE = new Set(
  `phone phonenumber phoneno phonenr telephone telephonenumber telephoneno tel telno telnr mobile mobilephone
  mobilenumber mobileno cell cellphone cellnumber msisdn e164 customerphone contactphone contactnumber callednumber
  homephone workphone businessphone primaryphone
  telefon telefonnummer telefonnr rufnummer handy handynummer handynr mobil mobilnummer mobiltelefon mobilfunk
  mobilfunknummer festnetz festnetznummer
  numerodetelephone ndetelephone notelephone telephoneportable telephonemobile telephonefixe portable numeroportable telportable gsm
  telefono nodetelefono numerodetelefono numerotelefono celular numerodecelular movil telefonomovil telefonocelular telefonofijo
  telefone numerodetelefone numerodotelefone telemovel cellulare numeroditelefono telefonino
  telefoon telefoonnummer telefoonnr mobiel mobielnummer mobielenummer
  numertelefonu nrtelefonu telefonkomorkowy komorka mobilni telefonnicislo telefonszam mobilszam
  telefonnumarasi telefonno cep ceptelefonu gsmno puhelin puhelinnumero matkapuhelin nrtelefon numardetelefon
  sodienthoai dienthoai notelepon nomortelepon nohp nomorhp
  телефон номертелефона мобильный мобильныйтелефон сотовый телефонныйномер мобільний номертелефону
  τηλεφωνο κινητο αριθμοστηλεφωνου טלפון מספרטלפון נייד هاتف رقمالهاتف الهاتف جوال رقمالجوال موبايل
  电话 电话号码 手机 手机号 手机号码 联系电话 联系方式 電話 電話號碼 手機 手機號碼 行動電話
  電話番号 携帯 携帯電話 携帯番号 携帯電話番号 전화 전화번호 휴대폰 휴대폰번호 휴대전화 핸드폰 핸드폰번호 연락처
  เบอร์โทร โทรศัพท์ फोन मोबाइल`
    .split(/\s+/)
    .map(plainName),
)
/** Names that may mean another number too: they count when no column says telephone. */
const NUMBER = new Set(
  'number customernumber numero nummer numer номер destination 号码 番号 번호'.split(' ').map(plainName),
)

/** For a message; the whole list is in docs/leads.md. */
export const SOME_NAMES = 'phone, number, mobile, telefon, telefonnummer, téléphone, celular, 手机'

/** 'Téléphone N° 1' → 'telephonen1': without case, marks, spaces and signs. */
function plainName(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}

/** The index of the column, -1 when there is none. `wanted`: the name that somebody gives. */
export function phoneColumn(names: readonly string[], wanted: string | undefined): number {
  const plain = names.map(plainName)
  if (wanted !== undefined) return plain.indexOf(plainName(wanted))
  const first = (known: ReadonlySet<string>) => {
    const exact = plain.findIndex(name => known.has(name))
    return exact >= 0 ? exact : plain.findIndex(name => known.has(name.replace(/\d$/, ''))) // 'Phone 1'
  }
  const telephone = first(TELEPHONE)
  return telephone >= 0 ? telephone : first(NUMBER)
}
