// The two languages of the page. The choice is remembered by the browser.

import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./en";
import { zh } from "./zh";

type Leaves<T> = { readonly [K in keyof T]: T[K] extends string ? string : Leaves<T[K]> };
/** What every language must say. */
export type Texts = Leaves<typeof en>;
export type Language = "en" | "zh";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: Texts };
  }
}

const languageKey = "pelorus.language";

function remembered(): Language {
  const stored = localStorage.getItem(languageKey);
  if (stored === "en" || stored === "zh") return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export async function startLanguages(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: remembered(),
    fallbackLng: "en",
    resources: { en: { translation: en }, zh: { translation: zh } },
    interpolation: { escapeValue: false },
  });
  noteLanguage(remembered());
}

export async function chooseLanguage(language: Language): Promise<void> {
  await i18next.changeLanguage(language);
  localStorage.setItem(languageKey, language);
  noteLanguage(language);
}

/** Browsers choose fonts and spelling by it, screen readers the voice. */
function noteLanguage(language: Language): void {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}
