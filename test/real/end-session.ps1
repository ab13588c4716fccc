# Sends what Windows sends at a log-off to every top-level Chrome_WidgetWin_1 window of one process, hidden ones too:
# first WM_QUERYENDSESSION to all of them, then WM_ENDSESSION. Prints each window and each answer.
# Usage: powershell -NoProfile -ExecutionPolicy Bypass -File end-session.ps1 -ProcessId 1234
param([Parameter(Mandatory = $true)][uint32]$ProcessId)
$ErrorActionPreference = 'Stop'

# The numbers are those of winuser.h: WM_QUERYENDSESSION 0x11, WM_ENDSESSION 0x16, ENDSESSION_LOGOFF 0x80000000.
# The timeout is longer than the 5 s that Windows itself waits, so that a hold that is too long is seen as such.
Add-Type -TypeDefinition @'
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

public static class SessionEnd {
  delegate bool Visit(IntPtr window, IntPtr unused);
  [DllImport("user32.dll")] static extern bool EnumWindows(Visit visit, IntPtr unused);
  [DllImport("user32.dll")] static extern uint GetWindowThreadProcessId(IntPtr window, out uint process);
  [DllImport("user32.dll")] static extern bool IsWindowVisible(IntPtr window);
  [DllImport("user32.dll", CharSet = CharSet.Unicode)] static extern int GetClassName(IntPtr window, StringBuilder name, int size);
  [DllImport("user32.dll", SetLastError = true)]
  static extern IntPtr SendMessageTimeout(IntPtr window, uint message, IntPtr w, IntPtr l, uint flags, uint ms, out IntPtr result);

  static List<IntPtr> WindowsOf(uint process) {
    var found = new List<IntPtr>();
    EnumWindows((window, unused) => {
      uint owner;
      GetWindowThreadProcessId(window, out owner);
      if (owner != process) return true;
      var name = new StringBuilder(256);
      GetClassName(window, name, name.Capacity);
      Console.WriteLine("window {0} {1} visible={2}", window, name, IsWindowVisible(window));
      if (name.ToString() == "Chrome_WidgetWin_1") found.Add(window);
      return true;
    }, IntPtr.Zero);
    return found;
  }

  static void Send(IntPtr window, uint message, int w) {
    IntPtr result;
    var sent = SendMessageTimeout(window, message, new IntPtr(w), new IntPtr(0x80000000L), 0, 10000, out result);
    var error = Marshal.GetLastWin32Error();
    Console.WriteLine("message 0x{0:x} to {1}: {2}", message, window,
      sent == IntPtr.Zero ? "no answer, error " + error : "answer " + result);
  }

  // How many windows were told.
  public static int Play(uint process) {
    var windows = WindowsOf(process);
    foreach (var window in windows) Send(window, 0x11, 0);
    foreach (var window in windows) Send(window, 0x16, 1);
    return windows.Count;
  }
}
'@

if ([SessionEnd]::Play($ProcessId) -eq 0) { throw "process $ProcessId has no window of class Chrome_WidgetWin_1" }
