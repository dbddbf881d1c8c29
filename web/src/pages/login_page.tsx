import { Alert, Button, Form, Input, type InputRef } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Impostor, type Session } from "../session/session";
import { useSession } from "../session/use_session";
import { LanguageSwitch } from "../widgets/language_switch";
import { ConnectionLost } from "../wire/connection";

interface Fields {
  readonly user: string;
  readonly password: string;
}

export function LoginPage({ expired }: { expired: boolean }) {
  const { t } = useTranslation();
  return (
    <main className="login">
      <div className="login-card">
        <div className="login-head">
          <img src="./compass.svg" alt="" width={34} height={34} />
          <h1>{t("product")}</h1>
          <span className="space" />
          <LanguageSwitch />
        </div>
        <p className="quiet">{t("login.atNode", { node: window.location.host })}</p>
        <LoginForm expired={expired} />
        <p className="quiet small">{t("login.hint")}</p>
      </div>
    </main>
  );
}

function LoginForm({ expired }: { expired: boolean }) {
  const { t } = useTranslation();
  const session = useSession();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const password = useRef<InputRef>(null);

  async function submit({ user, password: secret }: Fields) {
    setBusy(true);
    const error = await attempt(session, user.trim(), secret);
    setBusy(false);
    setFailure(error);
  }
  // The form is disabled while it is busy, so the focus comes back only after that.
  useEffect(() => {
    if (failure !== null) password.current?.focus({ cursor: "all" });
  }, [failure]);

  return (
    <Form
      layout="vertical"
      size="large"
      requiredMark={false}
      disabled={busy}
      onFinish={(fields: Fields) => void submit(fields)}
    >
      <Form.Item name="user" label={t("login.user")} rules={[{ required: true, message: t("login.userMissing") }]}>
        <Input autoFocus autoComplete="username" spellCheck={false} />
      </Form.Item>
      <Form.Item
        name="password"
        label={t("login.password")}
        rules={[{ required: true, message: t("login.passwordMissing") }]}
      >
        <Input.Password ref={password} autoComplete="current-password" />
      </Form.Item>
      <div className="login-note" aria-live="assertive">
        <Note failure={failure} expired={expired} />
      </div>
      <Button block type="primary" htmlType="submit" loading={busy}>
        {t("login.submit")}
      </Button>
    </Form>
  );
}

/** Null: signed in. */
async function attempt(session: Session, user: string, password: string): Promise<unknown> {
  try {
    await session.signIn(user, password);
    return null;
  } catch (error) {
    return error;
  }
}

function Note({ failure, expired }: { failure: unknown; expired: boolean }) {
  const { t } = useTranslation();
  if (failure === null) return expired ? <Alert showIcon type="info" title={t("login.expired")} /> : null;
  if (failure instanceof ConnectionLost) return <Alert showIcon type="error" title={t("login.unreachable")} />;
  if (failure instanceof Impostor) return <Alert showIcon type="error" title={t("login.impostor")} />;
  const text = failure instanceof Error ? failure.message : String(failure);
  const wrong = /user name or password is incorrect/i.test(text);
  return <Alert showIcon type="error" title={wrong ? t("login.wrong") : text} />;
}
