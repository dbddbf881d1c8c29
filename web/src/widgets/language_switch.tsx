import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { chooseLanguage, type Language } from "../text/i18n";

const languages: { label: string; value: Language }[] = [
  { label: "EN", value: "en" },
  { label: "中文", value: "zh" },
];

export function LanguageSwitch() {
  const { i18n, t } = useTranslation();
  return (
    <Segmented
      aria-label={t("nav.language")}
      size="small"
      options={languages}
      value={i18n.language as Language}
      onChange={(language) => void chooseLanguage(language)}
    />
  );
}
