import { MenuToggle, Select, SelectList, SelectOption } from "@patternfly/react-core";
import { DesktopIcon, MoonIcon, SunIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { setTheme, type Theme, THEMES, useTheme } from "../lib/theme";

const CHOICES: Record<Theme, { label: string; icon: typeof SunIcon }> = {
  system: { label: "System", icon: DesktopIcon },
  light: { label: "Light", icon: SunIcon },
  dark: { label: "Dark", icon: MoonIcon },
};

export function ThemeSwitch() {
  const theme = useTheme();
  const [isOpen, setOpen] = useState(false);
  const Icon = CHOICES[theme].icon;
  return (
    <Select
      isOpen={isOpen}
      selected={theme}
      onSelect={(_, value) => {
        setTheme(value as Theme);
        setOpen(false);
      }}
      onOpenChange={setOpen}
      popperProps={{ position: "right" }}
      shouldFocusToggleOnSelect
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          variant="plain"
          icon={<Icon />}
          aria-label={`Colour theme: ${CHOICES[theme].label}`}
          isExpanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
      )}
    >
      <SelectList aria-label="Colour theme">
        {THEMES.map((choice) => {
          const { label, icon: ChoiceIcon } = CHOICES[choice];
          return (
            <SelectOption key={choice} value={choice} icon={<ChoiceIcon />}>
              {label}
            </SelectOption>
          );
        })}
      </SelectList>
    </Select>
  );
}
