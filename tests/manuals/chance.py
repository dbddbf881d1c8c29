"""Which outputs nobody can repeat, by rule: those that rest on chance, on the clock, or on the machine of who wrote the page."""
import re

CHANCE = r"rand\w*|norm|normal|shuffle!?|sample|uuid|timer|setRandomSeed"
CLOCK = r"now|today|getJobStatus|getRecentJobs|localtime|gmtime|syncTime"
MACHINE = (r"version|license|getLicense\w*|updateLicense|mem|getOS\w*|get\w*Alias|getNode\w*|getHomeDir|"
           r"getCurrentSessionAndUser|getSession\w*|"
           r"getPerf|getClusterPerf|getJob\w*|getConsoleJobs|get\w*Memory\w*|getMachineFingerprint|getDiskIOStat|getMaxMemSize|"
           r"loadPlugin|installPlugin|listRemotePlugins|shell|xdb|remoteRun\w*|rpc|pnodeRun|startDataNode|stopDataNode|quit|kill|"
           r"getServerLog|getStreamingStat|getPrimary|logout|changePwd|resetPwd|suspendRecovery|files|getRecoveryTaskStatus|getConfig\w*|"
           r"getTabletsMeta|getClusterChunksStatus|getChunksMeta|getAllChunks|getTableDiskUsage|getWorkDir|getMarketCalendar|"
           # What a server already holds, or how it is doing.
           r"getBackup\w*|getClusterDFS\w*|getClusterVolumeUsage|getConnections|get\w*CacheEngine\w*|getScheduledJobs|get\w*TaskStatus|"
           r"getTransactionStatus|getUserList|getActiveMaster|getGroup\w*|getUsersByGroupId|getTransactions")
ABSOLUTE = r"""["'`](?:/\w|[A-Za-z]:[/\\])"""
PATHS = ABSOLUTE + r"""|["'`](?:\.{1,2}/|<|YOUR|path)|WORK_DIR|_DIR\b|["'][\w/]*\.(?:csv|txt|json|bin|xlsx?|parquet|zip)["']"""
REASONS = (("other language", re.compile(r"\bimport (?:pandas|numpy|math)\b|\b(?:pd|np|pandas)\.\w")),
           ("chance", re.compile(rf"(?<![\w.`\"])(?:{CHANCE})(?=\s*[\(\{{;]|\b\s+[\w\d])|\.shuffle")),
           ("clock", re.compile(rf"(?<![\w`\"])(?:{CLOCK})\s*[\(\{{]")),
           ("machine", re.compile(rf"(?<![\w`\"])(?:{MACHINE})\s*[\(\{{]|{PATHS}")))
# Never run at all: they would reach beyond the node under test.
FORBIDDEN = re.compile(r"(?<![\w`\"])(?:shell|quit|stopDataNode|kill|rmdir|installPlugin|loadPlugin|logout|changePwd|resetPwd|"
                       rf"setMaxMemSize|removeNode|addNode)\s*\(|{ABSOLUTE}")
SHOWN = re.compile(r"Time elapsed|\bdolphindb\.com\b|^\s*\d{8}-\d{4}", re.M)

WORD = r"[A-Za-z_]\w*!?"
SETS = re.compile(rf"(?<![\w.])({WORD})\s*(?:\[[^\]\n]*\]\s*)?[-+*/]?=(?!=)|\bas\s+(?:mutable\s+)?({WORD})|"
                  rf"\bdef\s+({WORD})|insert\s+into\s+({WORD})|"
                  rf"({WORD})\.(?:append!|tableInsert|upsert!|update!|sort!)|(?:append!|tableInsert|upsert!)[\(\{{{{]\s*({WORD})|"
                  rf"\bupdate\s+({WORD})|\bdelete\s+from\s+({WORD})|^\s*({WORD})\s*,\s*{WORD}\s*=|"
                  rf"^\s*{WORD}\s*,\s*({WORD})\s*=", re.M)
STORED = re.compile(r"dfs://|loadTable")


class Chance:
    """Follows one page: names that got their value by chance keep the reason."""

    def __init__(self):
        self.names = {}
        self.stored = None

    def reason(self, step):
        """Why the output of a step cannot be repeated, or None. Steps are told in order."""
        script = re.sub(r"//[^\n]*", "", step.script)
        found = next((reason for reason, pattern in REASONS if pattern.search(script)), None)
        if not found:
            words = set(re.findall(WORD, script))
            found = next((self.names[word] for word in sorted(words & self.names.keys())), None)
        if not found and STORED.search(script):
            found = self.stored
        if found:
            for groups in SETS.findall(script):
                self.names.update({name: found for name in groups if name})
            if STORED.search(script) or "append!" in script:
                self.stored = found
        if any(SHOWN.search(text) for text in step.printed):
            return found or "clock"
        return found
