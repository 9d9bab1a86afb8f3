/** Why mail does not go out, for its owner. In braces: what `explain` fills in. */
import type { EveryText } from '../../contract/texts.ts';

export type Cause =
  | 'name-not-found'
  | 'refused'
  | 'unreachable'
  | 'timeout'
  | 'no-greeting'
  | 'no-tls'
  | 'speaks-tls'
  | 'speaks-no-tls'
  | 'name-mismatch'
  | 'untrusted'
  | 'expired'
  | 'tls-broken'
  | 'login-not-offered'
  | 'login-needed'
  | 'login-refused'
  | 'sender-refused'
  | 'relaying-denied'
  | 'recipient-unknown'
  | 'later'
  | 'message-refused'
  | 'broken-off';

/** What is the matter, and what to do. */
export const WORDS: Readonly<Record<Cause, readonly [EveryText, EveryText]>> = {
  'name-not-found': [
    {
      en: 'There is no server of the name {host}.',
      ja: '{host} という名前のサーバーは見つかりません。',
      ru: 'Сервер с именем {host} не найден.',
    },
    {
      en: 'Check the spelling, and the name servers in the network settings.',
      ja: '綴りと、ネットワーク設定の DNS サーバーを確認してください。',
      ru: 'Проверьте написание и серверы DNS в настройках сети.',
    },
  ],
  refused: [
    {
      en: '{host} refuses connections on port {port}.',
      ja: '{host} はポート {port} への接続を拒否しました。',
      ru: '{host} отклоняет соединения на порт {port}.',
    },
    {
      en: 'Check the port: 587 is usual with STARTTLS, 465 with TLS, 25 without a log-in.',
      ja: 'ポートを確認してください。STARTTLS は 587、TLS は 465、ログインなしは 25 が一般的です。',
      ru: 'Проверьте порт: обычно 587 для STARTTLS, 465 для TLS, 25 без входа.',
    },
  ],
  unreachable: [
    {
      en: 'There is no way from this unit to {host}.',
      ja: 'このユニットから {host} に到達できません。',
      ru: 'С этого узла нет пути к {host}.',
    },
    {
      en: 'Check address, gateway and firewall of the network.',
      ja: 'ネットワークのアドレス、ゲートウェイ、ファイアウォールを確認してください。',
      ru: 'Проверьте адрес, шлюз и межсетевой экран сети.',
    },
  ],
  timeout: [
    {
      en: '{host} does not answer on port {port}.',
      ja: '{host} のポート {port} から応答がありません。',
      ru: '{host} не отвечает на порту {port}.',
    },
    {
      en: 'A firewall on the way may drop the connection; many providers close port 25. Ask for another port, or for a relay.',
      ja: '途中のファイアウォールが遮断している可能性があります。25 番ポートを閉じている事業者も多いため、別のポートまたは中継サーバーを使ってください。',
      ru: 'Возможно, соединение отбрасывает межсетевой экран; многие провайдеры закрывают порт 25. Возьмите другой порт или сервер-ретранслятор.',
    },
  ],
  'no-greeting': [
    {
      en: '{host} takes the connection on port {port}, but does not greet as a mail server.',
      ja: '{host} はポート {port} の接続を受け付けますが、メールサーバーとして応答しません。',
      ru: '{host} принимает соединение на порту {port}, но не отвечает как почтовый сервер.',
    },
    {
      en: 'The port may want TLS from the first byte: try TLS as encryption, or another port.',
      ja: '最初から TLS を必要とするポートかもしれません。暗号化を TLS にするか、別のポートを試してください。',
      ru: 'Возможно, порт ждёт TLS с первого байта: выберите шифрование TLS или другой порт.',
    },
  ],
  'speaks-tls': [
    {
      en: '{host} does not greet on port 465, which is for TLS from the first byte.',
      ja: '{host} のポート 465 は最初から TLS を使うポートで、平文では応答しません。',
      ru: '{host} молчит на порту 465: этот порт для TLS с первого байта.',
    },
    {
      en: 'Choose TLS as encryption, or port 587 with STARTTLS.',
      ja: '暗号化を TLS にするか、STARTTLS でポート 587 を使ってください。',
      ru: 'Выберите шифрование TLS или порт 587 со STARTTLS.',
    },
  ],
  'no-tls': [
    {
      en: '{host} does not offer STARTTLS on port {port}; nothing was sent in the clear.',
      ja: '{host} はポート {port} で STARTTLS に対応していません。平文では何も送信していません。',
      ru: '{host} не предлагает STARTTLS на порту {port}; открытым текстом ничего не отправлено.',
    },
    {
      en: 'Choose TLS with port 465, or no encryption where the way to the server is safe.',
      ja: 'TLS とポート 465 を選ぶか、経路が安全な場合のみ暗号化なしにしてください。',
      ru: 'Выберите TLS и порт 465 либо отключите шифрование, если путь до сервера безопасен.',
    },
  ],
  'speaks-no-tls': [
    {
      en: '{host} does not speak TLS from the first byte on port {port}.',
      ja: '{host} のポート {port} は最初からの TLS に対応していません。',
      ru: '{host} на порту {port} не говорит по TLS с первого байта.',
    },
    {
      en: 'Choose STARTTLS as encryption, or port 465.',
      ja: '暗号化を STARTTLS にするか、ポート 465 を使ってください。',
      ru: 'Выберите шифрование STARTTLS или порт 465.',
    },
  ],
  'name-mismatch': [
    {
      en: 'The certificate of the server is not for the name {host}.',
      ja: 'サーバーの証明書は {host} という名前のものではありません。',
      ru: 'Сертификат сервера выдан не на имя {host}.',
    },
    {
      en: 'Give the server by the name that its certificate has: {said}',
      ja: '証明書にある名前でサーバーを指定してください: {said}',
      ru: 'Укажите сервер именем из его сертификата: {said}',
    },
  ],
  untrusted: [
    {
      en: 'The certificate of {host} is not from an authority that this unit trusts ({said}).',
      ja: '{host} の証明書は、このユニットが信頼する認証局のものではありません({said})。',
      ru: 'Сертификат {host} выдан не тем центром, которому доверяет узел ({said}).',
    },
    {
      en: "A private authority's certificate goes to /usr/local/share/ca-certificates/NAME.crt; then run update-ca-certificates.",
      ja: '独自の認証局の証明書は /usr/local/share/ca-certificates/名前.crt に置き、update-ca-certificates を実行してください。',
      ru: 'Сертификат собственного центра положите в /usr/local/share/ca-certificates/ИМЯ.crt и выполните update-ca-certificates.',
    },
  ],
  expired: [
    {
      en: 'The certificate of {host} is not valid now.',
      ja: '{host} の証明書は現在有効ではありません。',
      ru: 'Сертификат {host} сейчас недействителен.',
    },
    {
      en: "Check this unit's clock; if it is right, the server's certificate has to be renewed.",
      ja: 'このユニットの時計を確認してください。正しければ、サーバーの証明書の更新が必要です。',
      ru: 'Проверьте часы узла; если они верны, сертификат сервера нужно обновить.',
    },
  ],
  'tls-broken': [
    {
      en: 'Encryption with {host} does not come about ({said}).',
      ja: '{host} との暗号化通信を確立できません({said})。',
      ru: 'Не удаётся установить шифрование с {host} ({said}).',
    },
    {
      en: 'The server may know only outdated TLS: ask who runs it.',
      ja: 'サーバーが古い TLS にしか対応していない可能性があります。管理者に確認してください。',
      ru: 'Возможно, сервер знает только устаревший TLS: спросите его администратора.',
    },
  ],
  'login-not-offered': [
    {
      en: '{host} takes no log-in on this connection.',
      ja: '{host} はこの接続でのログインを受け付けません。',
      ru: '{host} не принимает вход по этому соединению.',
    },
    {
      en: 'Many servers take one only over encryption: choose STARTTLS or TLS, or leave user and password out.',
      ja: '多くのサーバーは暗号化された接続でのみログインを受け付けます。STARTTLS か TLS を選ぶか、ユーザー名とパスワードを空にしてください。',
      ru: 'Многие серверы принимают вход только с шифрованием: выберите STARTTLS или TLS либо уберите имя и пароль.',
    },
  ],
  'login-needed': [
    {
      en: '{host} wants a log-in first: {said}',
      ja: '{host} は先にログインを求めています: {said}',
      ru: '{host} требует сначала войти: {said}',
    },
    {
      en: 'Give user and password; some servers want encryption before.',
      ja: 'ユーザー名とパスワードを設定してください。先に暗号化が必要なサーバーもあります。',
      ru: 'Укажите имя и пароль; некоторым серверам прежде нужно шифрование.',
    },
  ],
  'login-refused': [
    {
      en: '{host} refuses the log-in as {user}: {said}',
      ja: '{host} は {user} のログインを拒否しました: {said}',
      ru: '{host} отклоняет вход под именем {user}: {said}',
    },
    {
      en: 'Check user and password. Some providers want a password for applications of its own.',
      ja: 'ユーザー名とパスワードを確認してください。アプリ専用のパスワードが必要な事業者もあります。',
      ru: 'Проверьте имя и пароль. Некоторым провайдерам нужен отдельный пароль для приложений.',
    },
  ],
  'sender-refused': [
    {
      en: '{host} does not take mail from {sender}: {said}',
      ja: '{host} は {sender} からのメールを受け付けません: {said}',
      ru: '{host} не принимает почту от {sender}: {said}',
    },
    {
      en: 'Give a sender address that belongs to the user of the log-in.',
      ja: 'ログインするユーザーに属する差出人アドレスを設定してください。',
      ru: 'Укажите адрес отправителя, который принадлежит пользователю.',
    },
  ],
  'relaying-denied': [
    {
      en: '{host} does not pass mail on to {recipient}: {said}',
      ja: '{host} は {recipient} へのメールを中継しません: {said}',
      ru: '{host} не пересылает почту для {recipient}: {said}',
    },
    {
      en: 'Relaying is denied: give user and password, or have the server allow this unit.',
      ja: '中継が拒否されました。ユーザー名とパスワードを設定するか、サーバー側でこのユニットを許可してください。',
      ru: 'Пересылка запрещена: укажите имя и пароль или разрешите этот узел на сервере.',
    },
  ],
  'recipient-unknown': [
    {
      en: '{host} does not know the recipient {recipient}: {said}',
      ja: '{host} は宛先 {recipient} を知りません: {said}',
      ru: '{host} не знает получателя {recipient}: {said}',
    },
    {
      en: 'Check the address that the test goes to.',
      ja: 'テストの宛先アドレスを確認してください。',
      ru: 'Проверьте адрес, на который идёт проверка.',
    },
  ],
  later: [
    {
      en: '{host} asks to come back later (greylisting, or it is busy): {said}',
      ja: '{host} は後で再試行するよう求めています(グレイリスト、または混雑): {said}',
      ru: '{host} просит повторить позже (грейлистинг или перегрузка): {said}',
    },
    {
      en: 'Try again in some minutes. The unit itself tries again until the mail is through.',
      ja: '数分後にもう一度試してください。ユニットは届くまで自動的に再送します。',
      ru: 'Повторите через несколько минут. Сам узел повторяет попытки, пока письмо не уйдёт.',
    },
  ],
  'message-refused': [
    {
      en: '{host} does not take the message: {said}',
      ja: '{host} はメッセージを受け付けません: {said}',
      ru: '{host} не принимает письмо: {said}',
    },
    {
      en: "The server's own words say why; its administrator knows more.",
      ja: '理由はサーバーの応答にあります。詳しくはサーバーの管理者に確認してください。',
      ru: 'Причина — в ответе сервера; больше знает его администратор.',
    },
  ],
  'broken-off': [
    {
      en: '{host} broke the conversation off ({said}).',
      ja: '{host} が通信を打ち切りました({said})。',
      ru: '{host} оборвал соединение ({said}).',
    },
    {
      en: 'Check port and encryption; the server may also block this address.',
      ja: 'ポートと暗号化を確認してください。サーバーがこのアドレスを遮断している可能性もあります。',
      ru: 'Проверьте порт и шифрование; возможно, сервер блокирует этот адрес.',
    },
  ],
};
