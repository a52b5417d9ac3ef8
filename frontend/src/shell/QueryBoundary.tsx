import { Component, createContext, type ReactNode, Suspense, use, useState } from "react";
import { type FetchPolicy, useLazyLoadQuery } from "react-relay";
import type { GraphQLTaggedNode, OperationType } from "relay-runtime";

import { toRequestError, UNAUTHENTICATED } from "../relay/errors";
import { ErrorView } from "./ErrorView";

const Attempt = createContext(0);

/** `useLazyLoadQuery` that asks again when the boundary around it is retried. Shows what is known, then what is new. */
export function usePageQuery<T extends OperationType>(
  query: GraphQLTaggedNode,
  variables: T["variables"],
  fetchPolicy: FetchPolicy = "store-and-network",
): T["response"] {
  return useLazyLoadQuery<T>(query, variables, { fetchPolicy, fetchKey: use(Attempt) });
}

interface CatcherProps {
  /** Shown instead of an error that leads to the sign-in page anyway. */
  skeleton: ReactNode;
  isQuiet: boolean;
  onRetry: () => void;
  resetOn: unknown;
  children: ReactNode;
}

interface CatcherState {
  error: unknown;
  resetOn: unknown;
}

class Catcher extends Component<CatcherProps, CatcherState> {
  override state: CatcherState = { error: null, resetOn: this.props.resetOn };

  static getDerivedStateFromError(error: unknown) {
    return { error: error ?? new Error() };
  }

  static getDerivedStateFromProps({ resetOn }: CatcherProps, state: CatcherState) {
    return resetOn === state.resetOn ? null : { error: null, resetOn };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    const error = toRequestError(this.state.error);
    if (this.props.isQuiet || error.code === UNAUTHENTICATED) return this.props.skeleton;
    return <ErrorView error={error} onRetry={this.props.onRetry} />;
  }
}

interface QueryBoundaryProps {
  skeleton: ReactNode;
  /** What is asked for: a new value takes away the error of the one before. */
  resetOn?: unknown;
  /** Whether the skeleton stays when it fails: for what the page can do without. */
  isQuiet?: boolean;
  children: ReactNode;
}

/** Holds whatever asks for data: a skeleton while it loads, the error with a way to retry when it fails. */
export function QueryBoundary({ skeleton, resetOn, isQuiet = false, children }: QueryBoundaryProps) {
  const [attempt, setAttempt] = useState(0);
  const outer = use(Attempt);
  return (
    <Attempt value={outer + attempt}>
      <Catcher key={attempt} skeleton={skeleton} isQuiet={isQuiet} resetOn={resetOn} onRetry={() => setAttempt(attempt + 1)}>
        <Suspense fallback={skeleton}>{children}</Suspense>
      </Catcher>
    </Attempt>
  );
}
