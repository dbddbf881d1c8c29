import { App as AntdApp, ConfigProvider, Spin, theme } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { useTranslation } from "react-i18next";
import { Frame } from "./frame";
import { LoginPage } from "./pages/login_page";
import { useSessionState } from "./session/use_session";
import { usePrefersDark } from "./widgets/use_prefers_dark";

const font =
  '-apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif';

export function App() {
  const { i18n } = useTranslation();
  const dark = usePrefersDark();
  const algorithm = dark
    ? [theme.darkAlgorithm, theme.compactAlgorithm]
    : [theme.defaultAlgorithm, theme.compactAlgorithm];
  const token = {
    colorPrimary: dark ? "#2aa3c7" : "#0b6e8f",
    borderRadius: 3,
    fontSize: 14,
    fontFamily: font,
    motion: false,
  };
  // On the dark page white letters would be hard to read on the light blue of buttons, and a darker blue on the page.
  const components = dark ? { Button: { primaryColor: "#04151b" }, Tabs: { itemSelectedColor: "#4fb8d8" } } : {};
  return (
    <ConfigProvider
      button={{ autoInsertSpace: false }}
      locale={i18n.language === "zh" ? zhCN : enUS}
      theme={{ algorithm, token, components, cssVar: { key: "pelorus" } }}
    >
      <AntdApp className="page" message={{ maxCount: 3 }}>
        <Content />
      </AntdApp>
    </ConfigProvider>
  );
}

function Content() {
  const state = useSessionState();
  switch (state.phase) {
    case "resuming":
      return <Spin className="whole" size="large" />;
    case "signedOut":
      return <LoginPage expired={state.reason === "expired"} />;
    case "signedIn":
      return <Frame state={state} />;
  }
}
