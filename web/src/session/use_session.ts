import { createContext, useContext, useSyncExternalStore } from "react";
import { Session, type SessionState } from "./session";

export const SessionContext = createContext(new Session());

export function useSession(): Session {
  return useContext(SessionContext);
}

export function useSessionState(): SessionState {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, session.state);
}
